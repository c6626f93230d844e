"""The Activations page: what the channels of a layer answer to one picture.

now             the view "Maps"
before_after    the view "Before and after"
epochs          the view "Through the epochs"
fine_tune       offers a run in which something moves, where the chosen one is none
field           a map with its values beside what they depend on
figures         channels through the epochs as the bytes of a film
cache           the caches of the page
"""

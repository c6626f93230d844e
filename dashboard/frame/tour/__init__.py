"""The tour: one click trains a head, and a bar on every page leads from one question to the next.

    stops    the stops, where in the tour a visitor is, and the run that belongs to it
    answers  what the numbers of a run answer to the questions of the stops
    bar      the bar above a page, and the ribbon that says how far the visitor's own run is
    end      the last card: what was seen, what could come next, how to share it

The example stands on every page until the visitor's own run is done, so that no stop is ever empty.
"""

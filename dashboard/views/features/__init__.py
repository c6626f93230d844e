"""The Features page: what one unit of the network looks for.

patches            the view "Strongest patches"
patch_pairs        nine patches beside nine projections, to choose from
maximisation       the view "What it looks for"
switches           its settings
ascent_player      its films, played in the browser
backward           the unit's answer to the chosen picture, carried back to the pixels
gabor              the view "First layer"
gabor_compared     its comparison of networks, and the film of how the kernels formed
cache              the caches of the page
"""

"""Attribution maps made in workers.

    gradients     the methods that follow gradients
    explain       any map by its method's row, the maps of all methods, and their deletion curves
    trust         all maps of the test pictures against the truth
    randomised    all maps of ever more random copies of a network

The files of other methods are named by their rows in `maps.METHODS`.

May import what `models.attribution` may, and their workers.
"""

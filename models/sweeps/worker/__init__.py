"""Trains the cells of sweeps.

    job     all cells of a sweep, by one process or two
    ship    the sweeps and controls that are shipped with the app

Only workers import these modules.
"""

"""Attribution maps: which pixels an answer rests on, by several methods, and whether such maps can be trusted.

    maps          the methods, a row each, with settings and prices; questions; maps
    scales        where colours end; coarse maps enlarged
    deletion      does the score fall when what a map calls important is taken away first?
    pointing      maps compared with the truth and with each other
    trust         what the maps of a classifier are worth over all test pictures
    randomised    which maps fail to change when the weights become random
    worker        the part that opens networks

A new method is a row of `maps.METHODS` and the worker's function that the row names; prices, jobs, controls and
drawings read the row. With its test, `python -m models.ship trust randomised` and `python -m dashboard.record_example`
it is complete.

May import: storage, jobs, pictures, frame8, backbones, training, sweeps, networks, activations, occlusion, features,
representations.
"""

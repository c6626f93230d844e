"""Occlusion sensitivity: which part of a picture an answer rests on, found by hiding one square after the other.

    occlusion    the map of one score, from any function that scores pictures; what a square shows
    scores       what is hidden, every class's score at every position, the map of one class, and which changes count
    plan         which part of every activation map a square can change, as geometry along one axis
    flow         some channels of each block and the classes, with a square hidden at a few places
    costs        where windows save work, which squares are computed together, how long it takes
    worker       the part that opens networks

May import: storage, jobs, pictures, frame8, backbones, training, sweeps, networks, activations.
"""

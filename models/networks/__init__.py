"""Networks that a visitor looks into, by their ids: trained classifiers and bare backbones.

    layers     the layers of a network, what they see, how long passes take; read from tables, nothing is opened
    answers    what a classifier says about pictures

May import: storage, jobs, pictures, frame8, backbones, training, sweeps.
"""

"""What needs Keras of Frame8.

    network    the network itself
    pretrain   its pretraining: a script, run by hand

Only workers import these.
"""

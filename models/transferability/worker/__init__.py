"""Trains the networks of the transferability experiment.

    train         one network: the layers that are copied, frozen or start anew
    slice         all networks of a live slice
    experiment    the whole experiment on Tiny ImageNet, a script

Only workers import these modules.
"""

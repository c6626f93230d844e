"""The work of training; the only place of this wing that imports Keras.

    classifier       backbone and head in one graph: what is frozen, where it is cut, how far it moved
    augment          augmentation of pictures, for training and for the preview
    examples         what the epochs read: the frozen part's output, or the pictures
    loop             stretches of an epoch in one compiled call
    asked            what a training asks about its test pictures while it goes on
    course           the phases of a training, its history and its checkpoint
    train            one training, from its recipe to the files of its run
    archive          a training as a ZIP with a plain Keras script
    measure_rates    how fast this machine is
    ship             the features, the example run and the results of the traps, made anew

It may import what `models.training` may, and their workers.
"""

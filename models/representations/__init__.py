"""What the layers of a network represent: can a linear model read the classes there, and are two networks alike?

    probe          linear probes: which network and data, the layers probed, hits at every depth; the job
    probe_fit      the logistic regression behind them, its regularisation chosen on validation pictures
    architectures  backbones compared on one data set: a linear model on each, what each costs; the job
    cka            linear CKA of every pair of layers of two networks; the job
    worker         what jobs compute

May import storage, jobs, pictures, frame8, backbones, training, networks and activations.
"""

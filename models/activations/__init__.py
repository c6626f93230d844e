"""What the channels of a layer answer to a picture, and how training changed it.

    maps       the maps of one picture, what is usual over a sample of the data, rankings of channels
    changes    maps before and after training, and at every kept epoch

May import: storage, jobs, pictures, frame8, backbones, training, sweeps, networks.
"""

"""What the jobs of this wing compute.

    probe          the features of every block, and the regressions on them
    architectures  the same for the last maps of several backbones, and their times
    cka            the Gram matrices of every layer of two networks

Only workers import these modules.
"""

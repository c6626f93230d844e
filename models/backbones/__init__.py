"""The pretrained networks on offer: what they are, what each layer costs and sees, and their weights.

    registry          the backbones: plain data
    lite0             EfficientNet-Lite0's weights, read from the package that brings them
    receptive_field   sizes and receptive fields of layers, by arithmetic
    tables            every layer of a backbone, for pictures of any side
    retrieval         the way of a file over the network
    weights           pretrained weights: whether they are here, and the job that downloads them

May import: storage, jobs, pictures, frame8.
"""

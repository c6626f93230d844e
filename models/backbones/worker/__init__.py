"""What needs Keras of the backbones.

    graphs    symbolic graphs: where a tensor comes from, BatchNorm folded into the layer before it
    build     a backbone as one flat functional graph; whether a file holds its weights
    lite0     EfficientNet-Lite0's graph
    ship      the layer tables that are shipped, as Keras builds the networks
    download  the job that fetches weights

Only workers import these.
"""

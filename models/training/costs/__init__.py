"""Costs of a training, worked out from layer tables before it runs.

    rates       how fast this machine computes and traces
    layers      time and memory of the layers
    estimate    the cost of a whole run, and runs like it that need less

Nothing here imports Keras; it knows the recipe, and the layer tables of the backbones.
"""

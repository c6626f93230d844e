"""The classifier: a backbone and a new head in one flat functional graph.

One graph, not a backbone nested as a layer: every layer can then be reached by name, frozen, cut and explained.
Imports Keras: only workers use this module.
"""

from __future__ import annotations

import keras
from keras import layers

from models.training_specs import HeadSpec, head_seeds

LAST = "head_output"


def _pooled(x: keras.KerasTensor, pooling: str) -> keras.KerasTensor:
    if pooling == "flatten":
        return layers.Flatten(name="head_flatten")(x)
    pooled = []
    if "average" in pooling:
        pooled.append(layers.GlobalAveragePooling2D(name="head_average")(x))
    if "max" in pooling:
        pooled.append(layers.GlobalMaxPooling2D(name="head_max")(x))
    return layers.Concatenate(name="head_features")(pooled) if len(pooled) > 1 else pooled[0]


def attach(backbone: keras.Model, head: HeadSpec, n_classes: int, seed: int) -> keras.Model:
    """Return the classifier: `backbone`, pooling, hidden layers, softmax; layers of the head are named `head_…`.

    Args:
        backbone: Ends in maps (N, H, W, C); its layers are used, not copied.
        head: What to put on top.
        n_classes: Units of the softmax.
        seed: Decides the head's weights and its dropout.
    """
    seeds = head_seeds(seed)

    def dense(x: keras.KerasTensor, units: int, name: str, *, bias: bool, softmax: bool) -> keras.KerasTensor:
        if head.dropout:
            x = layers.Dropout(head.dropout, seed=next(seeds), name=f"{name}_dropout")(x)
        glorot = keras.initializers.GlorotUniform(seed=next(seeds))
        he = keras.initializers.HeNormal(seed=next(seeds))
        return layers.Dense(
            units,
            use_bias=bias,
            activation="softmax" if softmax else None,
            kernel_initializer=glorot if softmax else he,
            kernel_regularizer=keras.regularizers.L2(head.weight_decay) if head.weight_decay else None,
            kernel_constraint=keras.constraints.MaxNorm(head.max_norm, axis=0) if head.max_norm else None,
            name=name,
        )(x)

    x = _pooled(backbone.output, head.pooling)
    if head.batch_norm:
        x = layers.BatchNormalization(momentum=0.9, name="head_bn")(x)
    for number, units in enumerate(head.widths, start=1):
        name = f"head_dense{number}"
        x = dense(x, units, name, bias=not head.batch_norm, softmax=False)
        if head.batch_norm:
            x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
        x = layers.ReLU(name=f"{name}_relu")(x)
    x = dense(x, n_classes, LAST, bias=True, softmax=True)
    return keras.Model(backbone.input, x, name="classifier")

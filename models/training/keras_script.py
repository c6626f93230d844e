"""A training as a plain Keras script: the same network, batches and steps, without anything of this repository.

The script is shown beside the controls, and downloaded with the pictures and the backbone it reads. It ends with the
accuracy the run ended with, up to the rounding of another order of additions; with augmentation, whose amounts it draws
itself, up to luck.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.backbones import tables
from models.training.head import HeadLayer, head_layers
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec
from models.training.take_along import about

SCRIPT, DATA, BACKBONE = "train.py", "data.npz", "backbone.keras"  # names in the archive
_HEAD = '''"""Transfer learning in plain Keras.

{about}
{data} and {backbone} lie beside this file; it needs keras with tensorflow.
{exact}
"""

import keras
import numpy as np
from keras import layers

data = np.load("{data}")
x = data["images"].astype("float32")  # (N, height, width, 3), 0-255
{noise}y = data["labels"]  # (N,), numbers of classes
{leaked}train, validation, test = data["train"], data["validation"], data["test"]  # places in x and y

# The network: a backbone {knows}, and a new head.
{scaled}backbone = keras.models.load_model("{backbone}", compile=False)
t = backbone.output
'''
_NOISE = """# Wrong on purpose: {share:.0%} of the labels to learn from name another class.
# Those of validation and test are right.
"""
_LEAKED = """# Wrong on purpose: copies of {share:.0%} of the test pictures are among those to learn from.
# So the test accuracy at the end says too much: these the network may have learnt by heart.
"""
_SCALED = """# Wrong on purpose: a layer in front, "wrong_scale", divides the pictures by 255.
# Then the backbone scales them itself.
"""
_EXACT = "It makes the same steps as the app and ends with the same test accuracy, up to rounding."
_LUCK = "Augmentation is Keras's own here and draws other amounts than the app: expect nearly the same accuracy."
_KEEP = '''
# After every epoch: the best weights are those with the highest validation accuracy, at equal ones the lowest loss.
best, best_weights = None, None


def validate():
    global best, best_weights
    probability = model.predict(x[validation], verbose=0)
    true = np.maximum(probability[np.arange(len(validation)), y[validation]], 1e-12)
    score = (float((probability.argmax(axis=1) == y[validation]).mean()), float(np.log(true).mean()))
    if best is None or score > best:
        best, best_weights = score, model.get_weights()
    return score


def train_phase(network, inputs, optimizer, epochs, seed{patience_argument}):
    """Train on batches in an order that hangs on (seed, epoch) alone; keep the best weights of all phases."""
    network.compile(optimizer, loss)
{waiting}    for epoch in range(epochs):
{dropout}        order = np.random.default_rng([seed, epoch]).permutation(len(train))
        history = network.fit(inputs[order], targets[order], batch_size={batch}, shuffle=False, verbose=0)
        if not np.isfinite(history.history["loss"][0]):
            break
        score = validate()
        print(f"epoch {{epoch + 1}}: loss {{history.history['loss'][0]:.4f}}, validation accuracy {{score[0]:.4f}}")
{stopping}

'''
_DROPOUT = """        for place, layer in enumerate(each for each in model.layers if isinstance(each, layers.Dropout)):
            first = np.random.default_rng([seed, epoch, place]).integers(2**31)
            layer.seed_generator.state.assign(np.array([first, 0], "uint32"))
"""
_WAITING = """    top, waited = None, 0
"""
_STOPPING = """        top, waited = (score, 0) if top is None or score > top else (top, waited + 1)
        if waited >= patience:
            break
"""
_FEATURES = """# {title}: the whole backbone is frozen, so what it makes of the pictures is computed once.
for layer in model.layers:
    layer.trainable = layer.name.startswith("head_")
extractor = keras.Model(model.input, features)
head = keras.Model(features, model.output)
optimizer = {optimizer}
train_phase(head, extractor.predict(x[train], verbose=0), optimizer, {epochs}, {seed}{patience})
"""
_TAIL = """# {title}: these layers of the backbone learn too; all others are frozen, BatchNorm's statistics with them.
learning = {learning}
for layer in model.layers:
    layer.trainable = layer.name.startswith("head_") or layer.name in learning
optimizer = {optimizer}
train_phase(model, x[train], optimizer, {epochs}, {seed}{patience})
"""
_AUGMENTED = """# {title}: every epoch sees other pictures.
learning = {learning}
for layer in model.layers:
    layer.trainable = layer.name.startswith("head_") or layer.name in learning
augmented = keras.Sequential([keras.Input(x.shape[1:]), *augmentation, model])
optimizer = {optimizer}
train_phase(augmented, x[train], optimizer, {epochs}, {seed}{patience})
"""
_END = """
model.set_weights(best_weights)
probability = model.predict(x[test], verbose=0)
print(f"test accuracy {(probability.argmax(axis=1) == y[test]).mean():.6f}")
"""


def script(spec: TrainingSpec, n_classes: int, run: str = "") -> str:
    """Return the Python source for a training.

    Args:
        spec: The whole recipe; what it does not learn from is decided by the data beside the script.
        n_classes: Units of the softmax.
        run: The id of the run, if there is one yet.
    """
    on = spec.augmentation.on
    phases = spec.phases()
    parts = [
        _HEAD.format(
            about=about(spec, run),
            data=DATA,
            backbone=BACKBONE,
            exact=_LUCK if on else _EXACT,
            noise=_NOISE.format(share=spec.label_noise) if spec.label_noise else "",
            leaked=_LEAKED.format(share=spec.leaked) if spec.leaked else "",
            scaled=_SCALED if spec.preprocessing != "own" else "",
            knows="that knows something" if spec.weights == "pretrained" else "with random weights, a control",
        ),
        *_head_lines(spec, n_classes),
        "model = keras.Model(backbone.input, t)\n",
        *_loss(spec, n_classes),
        _KEEP.format(
            batch=spec.batch,
            dropout=_DROPOUT if spec.head.dropout else "",
            patience_argument=", patience" if spec.patience else "",
            waiting=_WAITING if spec.patience else "",
            stopping=_STOPPING if spec.patience else "",
        ).rstrip()
        + "\n\n\n",
        *(_augmentation(spec.augmentation, spec.seed) if on else ()),
        *_phases(phases),
        _END,
    ]
    return "".join(parts)


def instructions(spec: TrainingSpec, version: str, run: str) -> str:
    """Return what to know about the archive; `version` is Keras's, `run` the id of the run."""
    accuracy = _LUCK if spec.augmentation.on else _EXACT
    return (
        f"A training as a plain Keras script.\n{about(spec, run)}\n\n"
        f"    pip install keras=={version} tensorflow\n    python {SCRIPT}\n\n{accuracy}\n\n"
        f"{SCRIPT}        the network and its training\n"
        f"{DATA}        images (0-255), labels as they were learnt, the split, the names of the classes\n"
        f"{BACKBONE}  the backbone before the training, its preprocessing inside\n"
    )


def _head_lines(spec: TrainingSpec, n_classes: int) -> Iterator[str]:
    """Yield the head's layers as `models/training/worker/classifier.py` puts them together, with the same seeds."""
    maps = tables.table(spec.backbone, spec.side).layers[-1].output
    rows = head_layers(spec.head, maps, n_classes, spec.seed)
    pooling = [row for row in rows if row.kind in ("flatten", "average", "max", "concatenate")]
    names = {"average": "average", "max": "maximum"} if len(pooling) > 1 else {}
    for row in rows:
        read = "[average, maximum]" if row.kind == "concatenate" else "t"
        yield f"{names.get(row.kind, 't')} = {_layer(row, spec.head)}({read})\n"
        if row is pooling[-1]:
            yield "features = t\n"


def _layer(row: HeadLayer, head: HeadSpec) -> str:
    """Return a layer of the head as source."""
    named = f'name="{row.name}"'
    match row.kind:
        case "flatten":
            return f"layers.Flatten({named})"
        case "average" | "max":
            return f"layers.Global{'Average' if row.kind == 'average' else 'Max'}Pooling2D({named})"
        case "concatenate":
            return f"layers.Concatenate({named})"
        case "batch_norm":
            return f"layers.BatchNormalization(momentum=0.9, {named})"
        case "dropout":
            return f"layers.Dropout({head.dropout:g}, seed={row.seed}, {named})"
        case "relu":
            return f"layers.ReLU({named})"
    last = row.kind == "softmax"
    arguments = [
        str(row.units),
        'activation="softmax"' if last else "",
        "" if row.bias else "use_bias=False",
        f"kernel_initializer=keras.initializers.{'GlorotUniform' if last else 'HeNormal'}({row.seed})",
        f"kernel_regularizer=keras.regularizers.L2({head.weight_decay!r})" if head.weight_decay else "",
        f"kernel_constraint=keras.constraints.MaxNorm({head.max_norm!r}, axis=0)" if head.max_norm else "",
        named,
    ]
    inside = ",\n    ".join(filter(None, arguments))
    return f"layers.Dense(\n    {inside},\n)"


def _loss(spec: TrainingSpec, n_classes: int) -> Iterator[str]:
    if spec.label_smoothing:
        yield f"targets = keras.utils.to_categorical(y, {n_classes})[train]\n"
        yield f"loss = keras.losses.CategoricalCrossentropy(label_smoothing={spec.label_smoothing!r})\n"
    else:
        yield "targets = y[train]\n"
        yield "loss = keras.losses.SparseCategoricalCrossentropy()\n"
    yield f"steps = -(-len(train) // {spec.batch})  # batches of an epoch\n"


def _phases(phases: tuple[TrainingSpec, ...]) -> Iterator[str]:
    for number, phase in enumerate(phases):
        if number:
            yield "model.set_weights(best_weights)  # the second phase begins where the first was best\n\n"
        title = ("First the head alone", "Then fine-tuning")[number] if len(phases) > 1 else "Training"
        words = {"title": title, "optimizer": _optimizer(phase), "epochs": phase.epochs, "seed": phase.seed}
        patience = f", {phase.patience}" if phase.patience else ""
        names = phase.learning
        if phase.augmentation.on:
            yield _AUGMENTED.format(**words, patience=patience, learning=_listed(names))
        elif names:
            yield _TAIL.format(**words, patience=patience, learning=_listed(names))
        else:
            yield _FEATURES.format(**words, patience=patience)


def _listed(names: tuple[str, ...]) -> str:
    """Return a set of names as source, a few to a line."""
    if not names:
        return "set()"
    rows = [", ".join(f'"{name}"' for name in names[start : start + 6]) for start in range(0, len(names), 6)]
    return "{\n    " + ",\n    ".join(rows) + ",\n}"


def _optimizer(spec: TrainingSpec) -> str:
    """Return the optimiser as source; the schedules count steps, as many as there are batches in all epochs."""
    steps = f"{spec.epochs} * steps"
    rate = {
        "constant": f"{spec.learning_rate!r}",
        "cosine": f"keras.optimizers.schedules.CosineDecay({spec.learning_rate!r}, {steps})",
        "exponential": f"keras.optimizers.schedules.ExponentialDecay({spec.learning_rate!r}, {steps}, 0.01)",
    }[spec.schedule]
    return {
        "adam": f"keras.optimizers.Adam({rate})",
        "rmsprop": f"keras.optimizers.RMSprop({rate})",
        "sgd": f"keras.optimizers.SGD({rate}, momentum=0.9)",
    }[spec.optimizer]


def _augmentation(spec: AugmentationSpec, seed: int) -> Iterator[str]:
    """Yield Keras's layers for the kinds of change that are on; `seed` counts up from layer to layer."""
    flips = [name for name, on in (("horizontal", spec.flip_horizontal), ("vertical", spec.flip_vertical)) if on]
    flip = "_and_".join(flips)
    turn, value = spec.rotation / 360, "value_range=(0, 255)"
    made = (
        f'layers.RandomFlip("{flip}", seed={{seed}})' if flip else "",
        f'layers.RandomRotation({turn:.6g}, fill_mode="reflect", seed={{seed}})' if turn else "",
        f'layers.RandomTranslation({spec.shift:g}, {spec.shift:g}, fill_mode="reflect", seed={{seed}})'
        if spec.shift
        else "",
        f'layers.RandomZoom({spec.zoom:g}, fill_mode="reflect", seed={{seed}})' if spec.zoom else "",
        f"layers.RandomBrightness({spec.brightness:g}, {value}, seed={{seed}})" if spec.brightness else "",
        f"layers.RandomContrast({spec.contrast:g}, {value}, seed={{seed}})" if spec.contrast else "",
        f"layers.RandomSaturation(({_saturation(-spec.saturation)}, {_saturation(spec.saturation)}), {value}, "
        "seed={seed})"
        if spec.saturation
        else "",
        f"layers.RandomHue({spec.hue / 180:.4g}, {value}, seed={{seed}})" if spec.hue else "",
        f"layers.RandomErasing((1.0, 1.0), ({spec.cutout**2:.4g}, {spec.cutout**2:.4g}), 127.5, {value}, seed={{seed}})"
        if spec.cutout
        else "",
    )
    yield "augmentation = [\n"
    for number, line in enumerate(filter(None, made)):
        yield f"    {line.format(seed=seed + number)},\n"
    yield "]\n\n"


def _saturation(change: float) -> str:
    """Return Keras's factor for a saturation multiplied by 1 + change: there 0 is grey, 0.5 nothing, 1 no grey left."""
    return f"{(1 + change) / (2 + change):.4g}"

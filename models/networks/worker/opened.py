"""Networks by name, ready to look into: trained classifiers and bare backbones. Imports Keras: only workers use this.

A network id is `run:<run id>`, `run:<run id>:start` (before the first epoch), `run:<run id>:epoch:<n>` (one it kept),
`backbone:<id>:<side>`, `backbone:<id>:<side>:random`, or `backbone:frame8:64:top`: Frame8 with the classifier it was
pretrained with.

Everything runs through functions traced once with a fixed signature: calling a Keras model directly takes several times
as long and twice the memory. Weights stay variables; as constants they would be copied into every traced function.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.backbones.worker import build
from models.backbones.worker.build import prepare_tensorflow
from models.errors import InputError, RunNotFound
from models.frame8 import card
from models.pictures import datasets
from models.storage import runs
from models.training import kept_epochs
from models.training.results import ClassifierFile
from models.training.spec import TrainingSpec
from models.training.worker.classifier import classifier

# FOLDED models/networks/worker/opened.py: The network of a training run: as it ended, as it began, and as it was
# after an epoch. Imports Keras: only workers use this module.


def classes_of(run: runs.Run) -> tuple[str, ...]:
    """Return the names of the outputs.

    Raises:
        RunNotFound: The run is no training.
    """
    return datasets.get(_spec(run).dataset).classes


def _spec(run: runs.Run) -> TrainingSpec:
    if run.kind != "training":
        raise RunNotFound("Expected a training run. This one did something else.")
    return TrainingSpec.from_json(run.spec)


def ended(run: runs.Run) -> keras.Model:
    """Return the trained classifier: the weights of the best epoch.

    Raises:
        RunNotFound: The run is no training, or has no classifier (yet).
    """
    _spec(run)
    if run.path("classifier.keras").exists():
        return keras.models.load_model(run.path("classifier.keras"), compile=False, safe_mode=True)
    if run.path("head.npz").exists():
        return _with_head(begun(run), run.path("head.npz"))
    raise RunNotFound("Expected a finished training run. This one has no classifier (yet).")


def _with_head(model: keras.Model, head: Path) -> keras.Model:
    """Return the classifier of the shipped example: the backbone as it is shipped, with the head's stored weights."""
    with np.load(head, allow_pickle=False) as saved:
        for variable in (v for layer in model.layers if layer.name.startswith("head") for v in layer.weights):
            variable.assign(saved[variable.path])
    return model


def begun(run: runs.Run) -> keras.Model:
    """Return the classifier before the first epoch, rebuilt from the settings: to the last bit what was trained.

    Raises:
        RunNotFound: The run is no training.
        WeightsUnavailable: It began with pretrained weights that are not on this machine.
    """
    return classifier(_spec(run))


def after(run: runs.Run, epoch: int) -> keras.Model:
    """Return the classifier after `epoch`, one that the run kept; 0 is the one before the first.

    Raises:
        InputError: The run did not keep this epoch.
        RunNotFound: The run is no training, or the file is damaged.
        WeightsUnavailable: It began with pretrained weights that are not on this machine.
    """
    moved = kept_epochs.read(run.folder, epoch) if epoch else {}
    model = begun(run)
    put(model, moved)
    return model


def variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Return every weight of a classifier by the name that kept epochs give it: "conv5/0"."""
    return {f"{layer.name}/{number}": v for layer in model.layers for number, v in enumerate(layer.weights)}


def put(model: keras.Model, moved: Mapping[str, np.ndarray]) -> None:
    """Give a classifier the weights of a kept epoch (`kept_epochs.read`).

    Raises:
        InputError: They belong to another network.
    """
    known = variables(model)
    try:
        for name, array in moved.items():
            known[name].assign(array)
    except (KeyError, ValueError) as error:
        raise InputError("Expected the weights of this network. Received those of another; train it again.") from error


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
KEPT_NETWORKS = 2
KEPT_FUNCTIONS = 6  # per network at least; a traced layer takes about 0.1 MB, and tracing takes longer than a pass
_KEPT_LAYERS = 640  # in all functions of one network together
CHUNK = 32  # pictures per forward pass
_FORWARD, _LOGITS = "/probabilities", "/logits"  # no layer has a slash in its name
_lock = threading.RLock()
_kept: OrderedDict[str, Network] = OrderedDict()


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network in memory, shared by everybody in this worker and therefore never trained.

    Attributes:
        id: The network id.
        model: One flat functional graph, float32 (N, H, W, 3) pictures in 0-255 to its output.
        classes: Names of the outputs; None for a bare backbone, whose output is its last activation maps.
        height, width: Of the pictures it takes, in pixels.
    """

    id: str
    model: keras.Model
    classes: tuple[str, ...] | None
    height: int
    width: int
    functions: OrderedDict[tuple[str, ...], Any] = field(default_factory=OrderedDict, repr=False)


def load(network_id: str) -> Network:
    """Return the network with this id; the last two used are kept.

    Raises:
        InputError: The id is malformed, or names an unknown backbone, a side it cannot take or an epoch not kept.
        RunNotFound: There is no such run, or it has no classifier (yet).
        WeightsUnavailable: Pretrained weights are not on this machine.
    """
    with _lock:
        if network_id not in _kept:
            prepare_tensorflow()
            _kept[network_id] = _load(network_id)
        _kept.move_to_end(network_id)
        while len(_kept) > KEPT_NETWORKS:
            _kept.popitem(last=False)
        return _kept[network_id]


def _load(network_id: str) -> Network:
    classes: tuple[str, ...] | None = None
    match network_id.split(":"):
        case ["run", run_id]:
            model, classes = ended(runs.get(run_id)), classes_of(runs.get(run_id))
        case ["run", run_id, "start"]:
            model, classes = begun(runs.get(run_id)), classes_of(runs.get(run_id))
        case ["run", run_id, "epoch", epoch] if epoch.isdecimal():
            model, classes = after(runs.get(run_id), int(epoch)), classes_of(runs.get(run_id))
        case ["backbone", backbone, side] if side.isdecimal():
            model = build.build(backbone, side=int(side), weights="pretrained")
        case ["backbone", backbone, side, "random"] if side.isdecimal():
            model = build.build(backbone, side=int(side), weights="random")
        case ["backbone", backbone, side, "top"] if side.isdecimal():
            model = build.build(backbone, side=int(side), weights="pretrained", include_top=True)
            classes = card.read().classes
        case _:
            raise InputError(
                "Expected a network such as run:<id>, backbone:frame8:64 or backbone:frame8:64:random. "
                f"Received {network_id[:60]!r}."
            )
    _, height, width, _ = model.input_shape
    return Network(network_id, model, classes, height, width)


def layer_function(network: Network, names: Sequence[str]) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Return a function from uint8 or float32 (N, H, W, 3) pictures to the named layers' outputs, in inference mode.

    The last few functions of a network are kept. One call is one forward pass of all N pictures at once.

    Raises:
        InputError: The network has no such layer.
    """
    key = tuple(names)
    known = {layer.name for layer in network.model.layers}
    if not key or not known.issuperset(key):
        missing = [name for name in key if name not in known]
        raise InputError(f"Expected layers of the network. Received {', '.join(missing[:3]) or 'none'}.")
    return traced(network, key, lambda: _inference(network, [network.model.get_layer(name).output for name in key]))


def most_functions(network: Network) -> int:
    """Return how many traced functions of a network are kept: more of a shallow one."""
    return max(KEPT_FUNCTIONS, _KEPT_LAYERS // len(network.model.layers))


def _inference(network: Network, outputs: list[Any]) -> Callable[[Any], list[Any]]:
    """Return a function of a batch of pictures to symbolic `outputs` of the network, in inference mode."""
    model = keras.Model(network.model.input, outputs)
    return lambda images: list(keras.tree.flatten(model(images, training=False)))


def kept(network: Network, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """Return what is kept of a network under `key`, made by `make` where there is none; the last few stay."""
    with _lock:
        if key not in network.functions:
            network.functions[key] = make()
        network.functions.move_to_end(key)
        while len(network.functions) > most_functions(network):
            network.functions.popitem(last=False)
        return network.functions[key]


def traced(
    network: Network, key: tuple[str, ...], make: Callable[[], Callable[..., list[Any]]], *more: tf.TensorSpec
) -> Callable[..., list[np.ndarray]]:
    """Return the traced function kept under `key`, made by `make` where there is none.

    It takes a batch of pictures and what `more` describes; keys begin with a slash unless they name layers.
    """
    shape = tf.TensorSpec([None, network.height, network.width, 3], tf.float32)
    function = kept(network, key, lambda: tf.function(make(), input_signature=[shape, *more], autograph=False))

    def call(images: np.ndarray, *rest: np.ndarray) -> list[np.ndarray]:
        with _lock:
            return [tensor.numpy() for tensor in function(tf.constant(images, tf.float32), *rest)]

    return call


def forward(network: Network, images: np.ndarray) -> np.ndarray:
    """Return the class probabilities of uint8 (N, H, W, 3) pictures, float32 (N, C).

    Raises:
        InputError: The network is a bare backbone, or the pictures have another size.
    """
    dense = last_dense(network)
    return _by_chunks(traced(network, (_FORWARD,), lambda: _inference(network, [dense.output])), network, images)


def logits(network: Network, images: np.ndarray) -> np.ndarray:
    """Return the scores before the softmax, float32 (N, C); `forward` is their softmax.

    Raises:
        InputError: The network is a bare backbone, or the pictures have another size.
    """
    dense = last_dense(network)

    def scores() -> Callable[[Any], list[Any]]:
        features = _inference(network, [dense.input])
        return lambda images: [tf.matmul(features(images)[0], dense.kernel) + dense.bias]

    return _by_chunks(traced(network, (_LOGITS,), scores), network, images)


def last_dense(network: Network) -> Any:
    """Return the softmax layer."""
    if network.classes is None:
        raise InputError("Expected a trained classifier. Received a bare backbone, which has no classes.")
    return network.model.layers[-1]


def _by_chunks(call: Callable[[np.ndarray], list[np.ndarray]], network: Network, images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[1:] != (network.height, network.width, 3):
        raise InputError(
            f"Expected pictures of shape (N, {network.height}, {network.width}, 3). Received {images.shape}."
        )
    parts = [call(images[start : start + CHUNK])[0] for start in range(0, len(images), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, len(network.classes or ())), np.float32)


def classifier_file(run: str) -> ClassifierFile:
    """Return the `.keras` file of the shipped example, whose classifier is not stored whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "classifier.keras")
        load(f"run:{run}").model.save(path)
        return ClassifierFile(np.frombuffer(path.read_bytes(), np.uint8))

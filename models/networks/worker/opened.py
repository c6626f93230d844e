"""Networks in memory, by their ids (`models.ids`): trained classifiers and bare backbones.

Everything runs through functions traced once with a fixed signature: calling a Keras model directly takes several times
as long and twice the memory. Weights stay variables; as constants they would be copied into every traced function.
"""

from __future__ import annotations

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
from numpy.typing import NDArray

from models.backbones import lite0
from models.backbones.worker import build
from models.errors import InputError, RunNotFound
from models.frame8 import card
from models.ids import NetworkId
from models.pictures import datasets, images
from models.storage import runs
from models.training import kept_epochs
from models.training.results import ClassifierFile, load_result
from models.training.spec import TRAINING, TrainingSpec
from models.training.worker.classifier import classifier

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
        id: Of the network, unless it is a copy that a job changes.
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

    def picture(self, picture: str) -> NDArray[np.uint8]:
        """Return the picture with this id as the network takes it, (H, W, 3).

        Raises:
            PictureError: The picture is gone or its id malformed.
        """
        return images.resize(images.load_picture(picture), self.height, self.width)


def load(network: str) -> Network:
    """Return the network with this id; the last two used are kept.

    Raises:
        InputError: The id is malformed, or names an unknown backbone, a side it cannot take or an epoch not kept.
        RunNotFound: There is no such run, or it has no classifier (yet).
        WeightsUnavailable: Pretrained weights are not on this machine.
    """
    with _lock:
        if network not in _kept:
            build.prepare_tensorflow()
            _kept[network] = _load(network)
        _kept.move_to_end(network)
        while len(_kept) > KEPT_NETWORKS:
            _kept.popitem(last=False)
        return _kept[network]


def _load(network: str) -> Network:
    known, classes = NetworkId.parse(network), None
    if known.run:
        run = runs.get(known.run)
        model = begun(run) if known.start else ended(run) if known.epoch is None else after(run, known.epoch)
        classes = classes_of(run)
    elif known.weights == "top":
        model = build.build(known.backbone, side=known.side, weights="pretrained", include_top=True)
        classes = lite0.classes() if known.backbone == "lite0" else card.read().classes
    else:
        model = build.build(known.backbone, side=known.side, weights=known.weights)
    _, height, width, _ = model.input_shape
    return Network(network, model, classes, height, width)


def classes_of(run: runs.Run) -> tuple[str, ...]:
    """Return the names of the outputs.

    Raises:
        RunNotFound: The run is no training.
    """
    return datasets.get(_settings(run).dataset).classes


def _settings(run: runs.Run) -> TrainingSpec:
    if run.kind != TRAINING.kind:
        raise RunNotFound("Expected a training run. This one did something else.")
    return TRAINING.spec_of(run)


def ended(run: runs.Run) -> keras.Model:
    """Return the trained classifier: the weights of the best epoch.

    Raises:
        RunNotFound: The run is no training, or has no classifier (yet).
    """
    _settings(run)
    if run.path("classifier.keras").exists():
        return keras.models.load_model(run.path("classifier.keras"), compile=False, safe_mode=True)
    if run.path("head.npz").exists():
        return _with_head(begun(run), run.path("head.npz"))
    if run.id == runs.FINE_TUNED:
        return after(run, int(load_result(run).summary["best_epoch"]))
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
    return classifier(_settings(run))


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
    return lambda pictures: list(keras.tree.flatten(model(pictures, training=False)))


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

    def call(pictures: np.ndarray, *rest: np.ndarray) -> list[np.ndarray]:
        with _lock:
            return [tensor.numpy() for tensor in function(tf.constant(pictures, tf.float32), *rest)]

    return call


def forward(network: Network, pictures: np.ndarray) -> np.ndarray:
    """Return the class probabilities of uint8 (N, H, W, 3) pictures, float32 (N, C).

    Raises:
        InputError: The network is a bare backbone, or the pictures have another size.
    """
    dense = last_dense(network)
    return _by_chunks(traced(network, (_FORWARD,), lambda: _inference(network, [dense.output])), network, pictures)


def logits(network: Network, pictures: np.ndarray) -> np.ndarray:
    """Return the scores before the softmax, float32 (N, C); `forward` is their softmax.

    Raises:
        InputError: The network is a bare backbone, or the pictures have another size.
    """
    dense = last_dense(network)

    def scores() -> Callable[[Any], list[Any]]:
        features = _inference(network, [dense.input])
        return lambda pictures: [tf.matmul(features(pictures)[0], dense.kernel) + dense.bias]

    return _by_chunks(traced(network, (_LOGITS,), scores), network, pictures)


def last_dense(network: Network) -> Any:
    """Return the softmax layer."""
    if network.classes is None:
        raise InputError("Expected a trained classifier. Received a bare backbone, which has no classes.")
    return network.model.layers[-1]


def _by_chunks(call: Callable[[np.ndarray], list[np.ndarray]], network: Network, pictures: np.ndarray) -> np.ndarray:
    if pictures.ndim != 4 or pictures.shape[1:] != (network.height, network.width, 3):
        raise InputError(
            f"Expected pictures of shape (N, {network.height}, {network.width}, 3). Received {pictures.shape}."
        )
    parts = [call(pictures[start : start + CHUNK])[0] for start in range(0, len(pictures), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, len(network.classes or ())), np.float32)


def classifier_file(run: str) -> ClassifierFile:
    """Return the `.keras` file of the shipped example, whose classifier is not stored whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "classifier.keras")
        load(str(NetworkId(run))).model.save(path)
        return ClassifierFile(np.frombuffer(path.read_bytes(), np.uint8))

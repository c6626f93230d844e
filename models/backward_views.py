"""One channel's answer to one picture, carried back to the pixels by every rule. Imports Keras: only workers use it."""

from __future__ import annotations

import numpy as np

from models import backward, images, networks
from models.errors import InputError
from models.results import BackwardViews


def backward_views(network_id: str, layer: str, channel: int, picture_id: str) -> BackwardViews:
    """Return the channel's strongest value in the picture and, by each rule, what it owes to every pixel.

    Of a class it is the logit.

    Raises:
        InputError: Unknown network, layer or channel.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: four passes forward and three backward, up to the layer.
    """
    network = networks.load(network_id)
    picture = images.resize(images.load_picture(picture_id), network.height, network.width)[None]
    [answer] = networks.layer_function(network, (layer,))(picture)
    if backward.nonlinearity(network.model.get_layer(layer)) == "softmax":
        answer = networks.logits(network, picture)  # what the rules start from
    maps = answer[0] if answer.ndim == 4 else answer.reshape(1, 1, -1)
    if not 0 <= channel < maps.shape[2]:
        raise InputError(f"Expected a channel of {layer} from 0 to {maps.shape[2] - 1}. Received {channel}.")
    values = maps[..., channel]
    row, col = (int(place) for place in np.unravel_index(int(np.nanargmax(values)), values.shape))
    unit = np.array([[row, col, channel]])
    signals = {rule: backward.project(network, layer, picture, unit, rule)[0] for rule in backward.RULES}
    n_rectified, others = backward.rules(network.model, layer)
    return BackwardViews(row, col, float(values[row, col]), **signals, n_rectified=n_rectified, others=others)

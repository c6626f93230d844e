"""Augmentation: pictures turned, moved, coloured and covered as `models.training.spec.draws` says.

One pipeline for training and for the preview. It maps every output pixel back to a place in the picture, once, so that
flip, rotation, zoom and shift together blur no more than one of them; what lies outside is mirrored at the border.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from models.ids import PictureId
from models.pictures import images
from models.training.spec import COLUMNS, AugmentationSpec, AugmentedPictures, draws, words

GREY = (0.299, 0.587, 0.114)  # of red, green and blue in a pixel's brightness (ITU-R BT.601)
FILL = 127.5


def augment(spec: AugmentationSpec, pictures: Any, drawn: Any) -> Any:
    """Return the pictures changed by the amounts `drawn`; what the spec leaves off costs nothing.

    Args:
        spec: What may change; the kinds of change are decided here, the amounts by `drawn`.
        pictures: float32 (N, H, W, 3) in 0-255, of any shape.
        drawn: float32 (N, columns), see `models.training.spec.draws`.

    Returns:
        float32 (N, H, W, 3) in 0-255; `pictures` itself if nothing is on.
    """
    amounts = dict(zip(COLUMNS, tf.unstack(drawn, num=len(COLUMNS), axis=1), strict=True))
    if spec.flip_horizontal or spec.flip_vertical or spec.rotation or spec.shift or spec.zoom:
        pictures = _moved(pictures, amounts)
    if spec.brightness or spec.contrast or spec.saturation or spec.hue:
        pictures = _coloured(pictures, amounts)
    return _covered(pictures, amounts) if spec.cutout else pictures


def _moved(pictures: Any, amounts: dict[str, Any]) -> Any:
    """Flip, then enlarge and turn around the middle, then move; bilinear between pixels."""
    height, width = (tf.cast(tf.shape(pictures)[axis], tf.float32) for axis in (1, 2))
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    angle = amounts["degrees"] * (np.pi / 180)
    cosine, sine = tf.cos(angle) / amounts["scale"], tf.sin(angle) / amounts["scale"]
    mirror_x, mirror_y = 1 - 2 * amounts["flip_horizontal"], 1 - 2 * amounts["flip_vertical"]
    # From an output pixel (x, y) to the place it shows: back by the shift, turned back around the middle, mirrored.
    to_x, to_y = middle_x + amounts["right"] * width, middle_y + amounts["down"] * height
    a0, a1 = mirror_x * cosine, -mirror_x * sine
    b0, b1 = mirror_y * sine, mirror_y * cosine
    zero = tf.zeros_like(a0)
    rows = [a0, a1, middle_x - a0 * to_x - a1 * to_y, b0, b1, middle_y - b0 * to_x - b1 * to_y, zero, zero]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=tf.stack(rows, axis=1),
        output_shape=tf.shape(pictures)[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _coloured(pictures: Any, amounts: dict[str, Any]) -> Any:
    """Change brightness, contrast, saturation and hue: together one matrix and one offset for each picture."""
    grey = tf.constant(GREY, tf.float32)
    to_grey = tf.tile(grey[:, None], [1, 3])  # (3, 3): every channel becomes the pixel's grey

    def each(name: str) -> Any:
        return amounts[name][:, None, None]

    saturated = each("saturation") * tf.eye(3) + (1 - each("saturation")) * to_grey
    matrix = each("contrast") * tf.matmul(_turned(amounts["hue"] * (np.pi / 180)), saturated)
    mean = tf.einsum("nhwc,c->n", pictures, grey) / tf.cast(tf.reduce_prod(tf.shape(pictures)[1:3]), tf.float32)
    offset = (1 - amounts["contrast"]) * mean + 255 * amounts["brightness"]
    flat = tf.reshape(pictures, [tf.shape(pictures)[0], -1, 3])
    changed = tf.clip_by_value(tf.matmul(flat, matrix) + offset[:, None, None], 0.0, 255.0)
    return tf.reshape(changed, tf.shape(pictures))


def _turned(angle: Any) -> Any:
    """Return (N, 3, 3) that turn rows (red, green, blue) around the grey axis (Rodrigues' formula)."""
    cosine, sine = tf.cos(angle)[:, None, None], tf.sin(angle)[:, None, None]
    across = tf.constant([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]]) / np.float32(np.sqrt(3))
    return cosine * tf.eye(3) + (1 - cosine) * tf.fill([3, 3], 1 / 3) + sine * across


def _covered(pictures: Any, amounts: dict[str, Any]) -> Any:
    """Cover a square with mid-grey; near the border less of it is seen."""
    height, width = (tf.cast(tf.shape(pictures)[axis], tf.float32) for axis in (1, 2))
    reach = (amounts["cutout"] * tf.minimum(height, width) / 2)[:, None]
    down = tf.abs(tf.range(height)[None] + 0.5 - (amounts["cut_row"] * height)[:, None]) < reach
    across = tf.abs(tf.range(width)[None] + 0.5 - (amounts["cut_col"] * width)[:, None]) < reach
    return tf.where((down[:, :, None] & across[:, None, :])[..., None], FILL, pictures)


def preview(spec: AugmentationSpec, picture_id: str, *, side: int, seed: int, epochs: range) -> AugmentedPictures:
    """Return what the epochs of a training would make of one picture, at the size the network takes.

    Args:
        spec: What may change.
        picture_id: `sample:…`, whose number decides the amounts, or `upload:…`, which takes those of number 0.
        side: Of the square pictures the network takes, in pixels.
        seed: Of the run.
        epochs: From 0.

    Raises:
        InputError: A setting is outside its limits.
        PictureError: The picture is gone or its id malformed.
    """
    spec.check()
    picture = images.resize(images.load_picture(picture_id), side, side)
    number = PictureId.parse(picture_id).index
    drawn = np.concatenate([draws(spec, seed, epoch, np.array([number])) for epoch in epochs])
    batch = tf.cast(tf.repeat(picture[None], len(drawn), axis=0), tf.float32)
    changed = augment(spec, batch, tf.constant(drawn)).numpy()
    return AugmentedPictures(
        picture, np.rint(changed.clip(0, 255)).astype(np.uint8), tuple(words(spec, row) for row in drawn)
    )


def augmented_pictures(
    picture: str, side: int, augmentation: AugmentationSpec, seed: int, first: int, count: int
) -> AugmentedPictures:
    """Return what epochs of a training, from `first` (0 is the first) on, would make of a picture."""
    return preview(augmentation, picture, side=side, seed=seed, epochs=range(first, first + count))

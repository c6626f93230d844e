"""Kernels as pictures, and where they come from."""

from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.figures.gabor import mosaic
from models.errors import InputError
from models.features.gabor import first_kernels, shipped


def kernels() -> np.ndarray:
    """Two kernels of 2 x 3 pixels: one reaches 0.5 (red, top left) and -0.25, one 2.0 (blue, bottom right)."""
    values = np.zeros((2, 3, 3, 2), np.float32)
    values[0, 0, 0, 0], values[1, 2, 1, 0], values[1, 2, 2, 1] = 0.5, -0.25, 2.0
    return values


def test_each_kernel_has_its_own_scale() -> None:
    drawn = mosaic(kernels(), "kernel", columns=2, tile=3)
    assert drawn.image.shape == (2, 3 + 4 + 3, 4) and drawn.limit is None
    first, second = drawn.image[:, :3], drawn.image[:, 7:]
    assert first[0, 0].tolist() == [255, 128, 128, 255]
    assert first[1, 2].tolist() == [128, 64, 128, 255]  # 128 - 127 / 2, to the nearest even number
    assert second[1, 2].tolist() == [128, 128, 255, 255]
    assert (drawn.image[:, 3:7, 3] == 0).all()


def test_one_scale_for_all_is_stated() -> None:
    drawn = mosaic(kernels(), "joint", columns=1, tile=3)
    assert drawn.limit == 2.0
    assert drawn.image.shape == (2 + 4 + 2, 3, 4)
    assert drawn.image[0, 0].tolist() == [160, 128, 128, 255]  # 128 + 127 / 4


def test_tiles_are_enlarged_crisply() -> None:
    drawn = mosaic(kernels(), "kernel", columns=2, tile=9)
    assert drawn.image.shape == (6, 9 + 4 + 9, 4)
    assert len(np.unique(drawn.image[:, :9].reshape(-1, 4), axis=0)) == 3


def test_dead_kernels_are_grey_and_other_shapes_refused() -> None:
    assert (mosaic(np.zeros((3, 3, 3, 1)), "kernel", columns=1).image[..., :3] == 128).all()
    with pytest.raises(InputError, match=r"Received \(3, 3, 64, 8\)"):
        mosaic(np.zeros((3, 3, 64, 8)), "kernel", columns=4)


def test_the_first_convolution_is_found() -> None:
    class Conv2D(SimpleNamespace):
        pass

    class ReLU(SimpleNamespace):
        pass

    values = kernels()
    layers = [ReLU(name="relu"), Conv2D(name="conv1", get_weights=lambda: [values])]
    found = first_kernels(layers)
    assert found.layer == "conv1"
    np.testing.assert_array_equal(found.values, values)
    with pytest.raises(InputError, match="looks at red, green and blue"):
        first_kernels([Conv2D(name="c", get_weights=lambda: [np.zeros((3, 3, 1, 4))])])
    with pytest.raises(InputError, match="Received another"):
        first_kernels([])


def test_the_shipped_kernels_need_no_worker() -> None:
    found = shipped()
    assert found is not None
    assert (found.layer, found.values.shape, found.values.dtype) == ("conv1", (7, 7, 3, 48), np.float32)

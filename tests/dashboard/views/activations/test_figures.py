"""The film's bytes, read back."""

import numpy as np

from dashboard.views.activations.figures import film
from models.activations.changes import EpochMaps

HISTORY = ({"epoch": 1, "val_accuracy": 0.5}, {"epoch": 2, "val_accuracy": 0.75})


def found(height, width, low=0.0):
    """Three epochs, two of nine channels; epoch e has the value e everywhere, its first value is `low`."""
    maps = np.broadcast_to(np.arange(3.0)[:, None, None, None], (3, height, width, 2)).astype(np.float32).copy()
    maps[:, 0, 0, 1] = low
    channels = np.array([7, 2])
    strongest = np.tile(np.arange(9, dtype=np.float32), (3, 1))
    return EpochMaps("conv", np.array([0, 2, 4]), channels, maps, strongest, np.arange(9, dtype=np.float32))


def test_frames_run_epoch_by_epoch_and_channel_by_channel_on_one_scale():
    made = film(found(2, 3), HISTORY, 2)
    cells = np.frombuffer(made.frames, np.uint8).reshape(3, 2, 2, 3)
    assert (made.height, made.width) == (2, 3) and made.epochs == (0, 2, 4)
    assert (cells[0] == 0).all() and (cells[1, 0] == 127).all() and (cells[2, 0] == 254).all()
    assert cells[2, 1].ravel().tolist() == [0, 254, 254, 254, 254, 254]
    assert made.strongest == ((7, 2),) * 3 and made.accuracy == ((1, 0.5), (2, 0.75))
    assert made.labels[0] == "channel 7: moved by up to 7 on the way" and len(made.palette) == 255 * 3


def test_zero_is_white_where_values_are_signed():
    made = film(found(2, 3, low=-2.0), HISTORY, 2)
    cells = np.frombuffer(made.frames, np.uint8).reshape(3, 2, 2, 3)
    zero = int(cells[0, 0, 0, 0])
    assert list(made.palette[3 * zero : 3 * zero + 3]) == [255, 255, 255]
    assert made.low.startswith("−2")


def test_large_maps_are_averaged_and_numbers_that_are_none_do_not_stop_it():
    large = found(113, 60)
    large.maps[0, 5, 5, 0] = np.nan
    made = film(large, HISTORY, 2)
    assert (made.height, made.width) == (38, 20)
    assert len(made.frames) == 3 * 2 * 38 * 20
    assert np.frombuffer(made.frames, np.uint8).reshape(3, 2, 38, 20)[2, 0].min() == 254

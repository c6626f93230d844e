"""How long forward passes take, foreseen: not by multiplications alone."""

from dataclasses import replace

import pytest

from models.backbones.tables import table
from models.networks import layers
from models.training.costs import rates
from models.training.costs.layers import STEP_SECONDS
from models.training.costs.rates import DEFAULT


def test_every_kind_of_layer_counts_at_its_own_rate(monkeypatch):
    networks = "backbone:frame8:64", "backbone:mobilenetv2:96"
    for name, share in {"dense": (0.5, 0.1), "depthwise": (0.0, 0.1), "moved": (0.02, 0.1)}.items():
        faster = replace(DEFAULT, **{name: float("inf")})
        saved = []
        for network in networks:
            monkeypatch.setattr(rates, "current", lambda: DEFAULT)
            usual = layers.seconds(network, 1) - STEP_SECONDS
            monkeypatch.setattr(rates, "current", lambda rate=faster: rate)
            saved.append(1 - (layers.seconds(network, 1) - STEP_SECONDS) / usual)
        assert all(found >= least for found, least in zip(saved, share, strict=True)), (name, saved)


def test_mobilenet_takes_longer_than_a_network_that_multiplies_more():
    """Measured with batches of 32 on one thread: 20.1 ms a picture against 9.8."""
    mobile, frame = table("mobilenetv2", 224).macs, table("frame8", 128).macs
    assert 2 * mobile < frame
    ratio = layers.seconds("backbone:mobilenetv2:224", 1) / layers.seconds("backbone:frame8:128", 1)
    assert ratio == pytest.approx(20.1 / 9.8, rel=0.5)

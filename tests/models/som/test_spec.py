"""The settings of a map: what is refused, alone and together, and how rate and radius fall."""

import math

import pytest

from models.errors import InputError
from models.som.spec import LAWS, SomSpec


def test_rate_and_radius_decay_as_written() -> None:
    spec = SomSpec(rate0=0.5, radius0=8, decay=2, epochs=10)
    assert spec.decayed(spec.rate0, 0, 10) == 0.5
    assert spec.decayed(spec.rate0, 5, 10) == pytest.approx(0.5 * math.exp(-1))  # s_n = 10 / 2 = 5
    assert spec.decayed(spec.radius0, 10, 10) == pytest.approx(8 * math.exp(-2))
    assert SomSpec(decay=0).decayed(3.0, 99, 100) == 3.0
    assert (
        SomSpec(decay=0, law="inverse").decayed(3.0, 99, 100) == SomSpec(decay=0, law="linear").decayed(3.0, 9, 10) == 3
    )


def test_all_laws_begin_and_end_together() -> None:
    halfway = {"exponential": 8 * math.exp(-1), "linear": 4 + 4 * math.exp(-2), "inverse": 16 / (1 + math.exp(2))}
    for law in LAWS:
        spec = SomSpec(radius0=8, decay=2, law=law)
        values = [spec.decayed(spec.radius0, step, 10) for step in (0, 5, 10)]
        assert values == pytest.approx([8, halfway[law], 8 * math.exp(-2)])
        falling = [SomSpec(decay=20, law=law).decayed(1.0, step, 50) for step in range(51)]
        assert sorted(falling, reverse=True) == falling and falling[-1] == pytest.approx(math.exp(-20))


def test_settings_out_of_range_are_refused() -> None:
    limits = {"rows": 201, "columns": 0, "rate0": 1.01, "radius0": 0, "epochs": 1500, "decay": -1, "seed": math.nan}
    texts = {"epochs": "1,500", "decay": "−1", "seed": "NaN"}
    for name, value in limits.items():
        with pytest.raises(InputError, match=rf"Expected {name} between .* Received {texts.get(name, value)}\."):
            SomSpec(**{name: value})
    for name in ("method", "start", "lattice", "neighbourhood", "law", "distance"):
        with pytest.raises(InputError, match=rf"Expected {name} to be one of .*, .*\. Received fast"):
            SomSpec(**{name: "fast"})


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(InputError, match=r"Expected online training with the Mexican hat.* Received batch"):
        SomSpec(neighbourhood="mexican hat")
    for fields in ({}, {"method": "online", "neighbourhood": "bubble"}):
        with pytest.raises(InputError, match="Expected online training and the gaussian neighbourhood"):
            SomSpec(distance="weights", **fields)
    with pytest.raises(InputError, match=r"Expected an even number of rows for a hexagonal toroid.* Received 5"):
        SomSpec(rows=5, lattice="hexagonal", toroid=True)
    for rows in (1, 4):
        assert SomSpec(rows=rows, lattice="hexagonal", toroid=True).rows == rows


def test_a_spec_survives_json() -> None:
    spec = SomSpec(rows=4, method="online", decay=1.5, lattice="hexagonal", toroid=True, law="linear")
    assert SomSpec.from_json(spec.to_json()) == spec
    assert SomSpec.from_json({"rows": 3}) == SomSpec(rows=3)  # as written before there were other lattices


def test_odd_settings_are_named_each_in_a_sentence():
    assert SomSpec(3, 5, radius0=5).remarks(15) == ()
    assert ["at least 1 of 15 units" in found for found in SomSpec(3, 5, radius0=5).remarks(14)] == [True]
    assert ["radius of 5.1 is larger" in found for found in SomSpec(3, 5, radius0=5.1).remarks(15)] == [True]
    weights = SomSpec(3, 5, "online", radius0=9, distance="weights")  # its radius is none of the lattice
    assert weights.remarks(15) == ()
    assert ["radius stays" in found for found in SomSpec(3, 5, radius0=2, decay=0).remarks(15)] == [True]

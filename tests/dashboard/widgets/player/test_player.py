"""What travels to the film player, byte by byte."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.som.watch import film_of
from dashboard.widgets.player.player import HTML, SCRIPT, STYLE, Film, Series, pack, shares
from models.som import film as som_film
from models.som.data import SomTask, load
from models.som.samples import digits
from models.som.spec import SomSpec
from models.som.training import snapshots

FILM = Film(
    "a", 1, 2, "colours", (b"123456", b"abcdef"), ("Epoch 0", "Epoch 1"), (Series("Error", (2.0, 1.5)),), shares=b"xy"
)


def unpack(message: bytes) -> tuple[dict, bytes]:
    (length,) = struct.unpack("<I", message[:4])
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def test_a_message_is_a_header_and_the_bytes_it_announces():
    header, body = unpack(pack(FILM, height=300, alt="a map", live=True, picked=(0, 1)))
    assert body == b"123456abcdefxy"
    assert (header["sizes"], header["atlas"], header["shares"]) == ([6, 6], 0, 2)
    assert (header["rows"], header["columns"], header["kind"], header["identity"]) == (1, 2, "colours", "a")
    assert header["series"] == [{"name": "Error", "values": [2.0, 1.5], "percent": False}]
    assert (header["live"], header["picked"], header["alt"], header["height"]) == (True, [0, 1], "a map", 300)


def test_a_number_that_json_does_not_know_is_refused():
    broken = Film("a", 1, 1, "colours", (b"123",), ("Epoch 0",), (Series("Error", (float("nan"),)),))
    with pytest.raises(ValueError, match="JSON compliant"):
        pack(broken, height=300, alt="", live=False, picked=None)


def test_shares_name_the_most_frequent_class_and_its_part():
    bmu = np.array([[0, 0, 0, 2], [1, 1, 1, 1]], np.uint16)
    labels = np.array([1, 1, 0, 4])
    found = np.frombuffer(shares(bmu, labels, 3), np.uint8).reshape(2, 3, 2)
    assert found[0].tolist() == [[1, 170], [0, 0], [4, 255]]  # 2 of 3 samples, none, 1 of 1
    assert found[1].tolist() == [[0, 0], [1, 128], [0, 0]]  # 2 of 4


def test_a_hundred_frames_of_colours_stay_under_200_kib():
    film = film_of(som_film.example(), "example", 100)
    message = pack(film, height=420, alt="a map", live=False, picked=None)
    assert len(film.frames) == 101 and len(message) < 200 * 1024
    assert [series.name for series in film.series] == ["Quantisation error", "Topographic error", "Radius σ"]
    assert film.captions[0] == "Epoch 0 of 100" and film.captions[-1] == "Epoch 100 of 100"


def test_the_film_of_an_online_training_shows_its_rate_and_labelled_samples_their_classes():
    task, data = SomTask("digits", SomSpec(rows=2, columns=3, method="online", epochs=1, snapshots=3)), digits()
    recorder = som_film.Recorder(task, data)
    for snapshot in snapshots(data.features, task.som):
        recorder.add(snapshot)
    film = film_of(recorder.record(complete=True), "run", 1)
    assert film.series[-1].name == "Learning rate" and film.series[-1].values[0] == 0.5
    assert film.kind == "pictures" and len(film.classes) == 10 and len(film.shares) == 3 * 6 * 2
    assert all(frame[:4] == b"RIFF" for frame in film.frames)


def film(task: SomTask, **changes):
    data = load(task)
    recorder = som_film.Recorder(task, data)
    for snapshot in snapshots(data.features, recorder.som):
        recorder.add(snapshot)
    return film_of(replace(recorder.record(complete=True), **changes), "run", task.som.epochs)


def test_a_net_travels_as_places_over_its_cloud_with_the_classes_of_its_points():
    som = SomSpec(rows=4, columns=5, lattice="hexagonal", toroid=True, epochs=2, radius0=2, snapshots=3)
    net = film(SomTask("points", som, shape="two moons"))
    header, body = unpack(pack(net, height=300, alt="", live=False, picked=None))
    assert (header["kind"], header["lattice"], header["toroid"], header["depth"]) == ("net", "hexagonal", True, 2)
    assert header["sizes"] == [4 * 5 * 2 * 4] * 3 and header["cloud"] == 1000 * 2 * 4 and header["cloudTypes"] == 1000
    assert body[: header["cloud"]] == net.cloud and body[header["cloud"] :][:1000] == net.cloud_types
    assert "left edge touches the right" in header["note"] and header["classes"][0][0] == "upper moon"


def test_colours_can_be_shown_in_their_space_and_a_hundred_frames_stay_light():
    header, _ = unpack(pack(film_of(som_film.example(), "x", 100), height=420, alt="", live=False, picked=None))
    assert header["cloud"] == 1000 * 3 * 4 and header["depth"] == 3 and header["note"] == ""
    assert header["rate"] == 20 and header["unit"] == ""


def test_a_film_says_that_it_is_thinned():
    small = SomTask("colours", SomSpec(rows=2, columns=2, epochs=2, snapshots=3))
    assert film(small, wanted=101, planned=34).note.startswith("Thinned to 34 of 101 moments")


def test_the_player_brings_no_address_from_outside():
    for text in (HTML, STYLE, SCRIPT):
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "") and "innerHTML" not in text

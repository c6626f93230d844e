"""The message to the browser is what the films hold."""

import json
import struct

import numpy as np
import pytest

from dashboard.views.features.ascent_player import Shown, pack
from models.features.maximisation import FilmMaker


def film(frames, total=64):
    maker = FilmMaker(4, 6, total)
    for frame in range(frames):
        maker.add(8 * frame, frame / 2, np.full((4, 6, 3), 20 * frame, np.uint8))
    return maker.film("" if frames < 9 else "done")


def taken_apart(message):
    length = struct.unpack("<I", message[:4])[0]
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def test_frames_of_both_films_follow_the_header_in_order():
    films = [Shown("a", "This", "words", "alt", film(3)), Shown("b", "That", "words", "alt", film(9))]
    header, body = taken_apart(pack(films, live=True, note="note"))
    first, second = header["films"]
    assert first["steps"] == [0, 8, 16] and second["values"][-1] == 4.0 and header["total"] == 64
    assert len(body) == sum(first["sizes"]) + sum(second["sizes"])
    assert body[: first["sizes"][0]] == films[0].film.frames[0] and body.endswith(films[1].film.frames[-1])
    assert films[1].film.picture(2)[0, 0].tolist() == [40, 40, 40]


def test_a_film_not_made_yet_keeps_its_place():
    header, body = taken_apart(
        pack([Shown("a", "", "", "", None), Shown("b", "", "", "", film(2))], live=False, note="")
    )
    assert header["films"][0]["sizes"] == [] and (header["height"], header["width"]) == (4, 6)
    assert len(body) == sum(header["films"][1]["sizes"])


def test_pixels_are_enlarged_by_a_whole_number():
    header, _ = taken_apart(pack([Shown("a", "", "", "", film(1))], live=False, note=""))
    assert header["side"] == 252 == 42 * 6


def test_a_value_that_is_no_number_is_refused_before_the_browser_sees_it():
    maker = FilmMaker(4, 6, 64)
    maker.add(0, float("nan"), np.zeros((4, 6, 3), np.uint8))
    with pytest.raises(ValueError):
        pack([Shown("a", "", "", "", maker.film(""))], live=False, note="")

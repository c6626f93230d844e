"""Names from outside are shown literally; times are said in words."""

import re

import pytest

from dashboard.labels import duration, safe_label


@pytest.mark.parametrize(
    "hostile",
    [
        "![x](http://127.0.0.1:9/a.png)",
        "[a](javascript:alert(1))",
        "<img src=x>",
        "$x^2$",
        ":red[x]",
        "`a`",
        "# a",
        "a|b",
    ],
)
def test_every_sign_with_a_meaning_is_escaped(hostile):
    safe = safe_label(hostile)
    for position, sign in enumerate(safe):
        if sign in "`*_[]()!$:<>#|~{}":
            assert safe[position - 1] == "\\"


@pytest.mark.parametrize("hostile", ["http://a.b/c", "see WWW.a.b", "a@b.c", ":material/home:", "x:https://a.b"])
def test_addresses_and_icons_are_broken_up_since_an_escape_does_not_hold_them(hostile):
    shown = safe_label(hostile).replace("\\", "")
    assert shown.replace("\u2060", "") == hostile
    assert not re.search(r"https?://|www\.|@\w|:material", shown, re.IGNORECASE)


def test_control_and_direction_signs_are_dropped_and_long_names_cut():
    assert safe_label("a\u202eb\x00c\nd") == "abcd"
    assert len(safe_label("x" * 500)) == 60 and safe_label("x" * 500).endswith("…")


def test_plain_names_stay_as_they_are():
    assert safe_label("Édge 12") == "Édge 12"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89.4, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "2 h"), (36 * 3600, "2 days")],
)
def test_times_are_rounded_as_one_would_say_them(seconds, words):
    assert duration(seconds) == words

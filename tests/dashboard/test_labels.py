"""Names from outside are shown literally; times are said in words, and in the zone of the visitor."""

import re

import pytest

from dashboard import labels
from dashboard.labels import safe_label
from models.wording import duration


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


WINTER, SUMMER = 1764063000, 1782901800  # 25 November 2025, 09:30 and 1 July 2026, 10:30, both UTC


class Context:
    """What a browser says of its clock."""

    def __init__(self, name, offset=None):
        self.timezone, self.timezone_offset = name, offset


@pytest.fixture
def clock(monkeypatch):
    """Return `labels.clock` as a visitor with that browser reads it."""

    def read(seconds, name, offset=None):
        monkeypatch.setattr(labels.st, "context", Context(name, offset))
        return labels.clock(seconds)

    return read


@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [
        ("Europe/Berlin", "25 November 2025, 10:30 CET", "1 July 2026, 12:30 CEST"),
        ("America/Los_Angeles", "25 November 2025, 01:30 PST", "1 July 2026, 03:30 PDT"),
        ("Asia/Kolkata", "25 November 2025, 15:00 IST", "1 July 2026, 16:00 IST"),
        ("Asia/Kathmandu", "25 November 2025, 15:15 UTC+5:45", "1 July 2026, 16:15 UTC+5:45"),
        ("America/Sao_Paulo", "25 November 2025, 06:30 UTC−3", "1 July 2026, 07:30 UTC−3"),
        ("Pacific/Auckland", "25 November 2025, 22:30 NZDT", "1 July 2026, 22:30 NZST"),
        ("UTC", "25 November 2025, 09:30 UTC", "1 July 2026, 10:30 UTC"),
    ],
)
def test_times_of_day_are_those_of_the_visitor(clock, name, winter, summer):
    assert (clock(WINTER, name), clock(SUMMER, name)) == (winter, summer)


def test_the_clock_goes_back_an_hour_and_the_day_may_be_another(clock):
    first = 1761438600  # 26 October 2025, 00:30 UTC: the last half hour of summer in Berlin begins
    assert clock(first, "Europe/Berlin") == "26 October 2025, 02:30 CEST"
    assert clock(first + 3600, "Europe/Berlin") == "26 October 2025, 02:30 CET"
    assert clock(first, "America/New_York") == "25 October 2025, 20:30 EDT"


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "\x00"])
def test_an_unknown_zone_is_utc_and_said_to_be(clock, name):
    assert clock(WINTER, name) == "25 November 2025, 09:30 UTC"


def test_without_a_name_the_offset_of_the_browser_counts(clock):
    assert clock(WINTER, None, -330) == "25 November 2025, 15:00 UTC+5:30"
    assert clock(WINTER, "Mars/Olympus", 180) == "25 November 2025, 06:30 UTC−3"
    assert clock(WINTER, None, 99999) == "25 November 2025, 09:30 UTC"


def test_outside_of_a_page_it_is_utc():
    assert labels.clock(WINTER) == "25 November 2025, 09:30 UTC"


def test_a_day_is_said_with_its_zone():
    assert labels.day("2026-11-05") == "5 November 2026 (UTC)"

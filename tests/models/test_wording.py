"""The one format of numbers, against texts written by hand; the script of the browser writes the same."""

import json
import math
import subprocess

import pytest
from playwright._impl._driver import compute_driver_executable

from models import wording
from tests.conftest import ROOT

NODE = compute_driver_executable()[0]  # the one that comes with Playwright
SIGNIFICANT = [
    (0.0, "0"), (-0.0, "0"), (1.71e-7, "1.71 × 10⁻⁷"), (1e-7, "10⁻⁷"), (-2e-9, "−2 × 10⁻⁹"), (0.00012345, "0.000123"),
    (0.00009996, "0.0001"), (0.0123, "0.0123"), (-0.5, "−0.5"), (1.0, "1"), (12.345, "12.3"), (999.96, "1,000"),
    (1234.4, "1,234"), (-98765.0, "−98,765"), (9_999_990.0, "9,999,990"), (1e7, "10⁷"), (2.5e10, "2.5 × 10¹⁰"),
    (math.nan, "–"), (math.inf, "∞"), (-math.inf, "−∞"),
]  # fmt: skip
SHARES = [(0.638, "63.8%"), (0.0, "0.0%"), (1.0, "100.0%"), (0.9996, "100.0%"), (-0.004, "−0.4%"), (12.5, "1,250.0%"),
          (-0.0001, "0.0%"), (math.nan, "–")]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), SIGNIFICANT)
def test_values_keep_three_digits_that_say_something(value, text):
    assert wording.significant(value) == text


@pytest.mark.parametrize(("share", "text"), SHARES)
def test_shares_have_one_decimal_and_no_space(share, text):
    assert wording.percent(share) == text


def test_the_browser_writes_the_same():
    calls = [f"significant({_script(value)})" for value, _ in SIGNIFICANT]
    calls += [f"percent({_script(share)})" for share, _ in SHARES]
    code = (ROOT / "dashboard/numbers.js").read_text() + f"\nconsole.log(JSON.stringify([{', '.join(calls)}]))"
    made = subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(made) == [text for _, text in SIGNIFICANT + SHARES]


def _script(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity" if math.isinf(value) else repr(value)


def test_decimals_are_kept_and_what_rounds_to_zero_has_no_sign():
    assert [wording.fixed(value, 2) for value in (0.5, -1.255, 1234.5, -0.004)] == ["0.50", "−1.25", "1,234.50", "0.00"]
    assert [wording.fixed(value, 1, signed=True) for value in (1.26, -0.34, 0.04, -0.04)] == [
        "+1.3",
        "−0.3",
        "0.0",
        "0.0",
    ]


def test_differences_are_points_with_a_sign():
    assert [wording.in_points(x) for x in (0.0131, -0.003, -0.0004, 0.0)] == ["+1.3", "−0.3", "0.0", "0.0"]


def test_settings_are_whole_percent_and_counts_have_commas():
    assert [wording.whole_percent(x) for x in (0.3, 0.05, 1.0)] == ["30%", "5%", "100%"]
    assert wording.whole_percent(-0.12, signed=True) == "−12%" and wording.whole_percent(0.12, signed=True) == "+12%"
    assert [wording.grouped(n) for n in (0, 999, 1000, 1418576)] == ["0", "999", "1,000", "1,418,576"]


def test_intervals_of_shares_name_the_unit_once():
    assert wording.percent_range(0.6012, 0.673) == "60.1–67.3%"


@pytest.mark.parametrize(
    ("number", "text"),
    [(640, "640 bytes"), (12_345, "12.3 kB"), (45e6, "45 MB"), (999_999, "1 MB"), (94.8e6, "94.8 MB"),
     (528.4e6, "528 MB"), (1.34e9, "1.34 GB")],
)  # fmt: skip
def test_sizes_have_a_space_and_the_unit_that_fits(number, text):
    assert wording.file_size(number) == text


def test_large_numbers_are_said_in_words_and_short():
    assert [wording.in_millions(n) for n in (2.811e9, 45.6e6, 999_999_999, 12_345)] == [
        "2.81 billion", "45.6 million", "1 billion", "12,345"
    ]  # fmt: skip
    assert [wording.short(n) for n in (2.811e9, 940_000, 24e6)] == ["2.81 G", "0.94 M", "24 M"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0042, "4 ms"), (0.24, "240 ms"), (0.9999, "1.0 s"), (3.42, "3.4 s"), (89.94, "89.9 s"), (95, "2 min")],
)
def test_measured_times_have_tenths(seconds, text):
    assert wording.took(seconds) == text


def test_a_small_p_is_not_called_nothing():
    assert [wording.p_value(p) for p in (0.0321, 0.4, 1.0, 0.0009, 1e-12)] == [
        "= 0.032", "= 0.4", "= 1", "< 0.001", "< 0.001"
    ]  # fmt: skip


def test_formulas_get_powers_and_signs_that_can_be_typeset():
    assert wording.tex(wording.significant(-1.71e-7)) == r"-1.71\cdot 10^{-7}"
    assert wording.tex(wording.significant(1e-7)) == r"10^{-7}"
    assert wording.tex(wording.significant(12345.0)) == "12{,}345" and wording.tex("63.8%") == r"63.8\%"

"""Numbers in words: the one format for pages, figures and messages; not for what machines read.

share       "63.8%", never with a space; settings and narrow places take whole ones, "30%"
difference  "+1.3 points", signed, with a true minus: "−0.3 points"
count       "12,345"
value       three significant digits: "0.0123", "12.3", "12,345"; tiny and huge ones "1.2 × 10⁻⁷"
time        "240 ms", "8 s", "3 min", "2 h", "4 days"; what was measured has tenths, "3.4 s"
size        "12.3 kB", "45 MB", "1.34 GB"
p           "< 0.001", "= 0.032"
"""

from __future__ import annotations

import math
import re
from typing import Final

MINUS: Final = "−"
UNDEFINED: Final = "–"  # a value that is not a number
TICK_PERCENT: Final = ".1~%"  # the axes of figures, for Plotly: "25%", "97.5%"
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NORMAL: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_POWER: Final = re.compile(r"(?:(?<=\d) × )?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_TINY, _HUGE = 1e-4, 1e7


def fixed(value: float, places: int, *, signed: bool = False) -> str:
    """Return a number with so many decimals: "1,234.50", "−0.3"; what rounds to zero has no sign."""
    if not math.isfinite(value):
        return _special(value)
    text = f"{abs(value):,.{places}f}"
    if not any(sign in "123456789" for sign in text):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def significant(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits and no zeros that say nothing: "0.0123", "1,235", "1.2 × 10⁻⁷".

    Digits before the decimal point are never rounded away below ten million.
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else _special(value)
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    sign, power = MINUS if value < 0 else "", int(exponent)
    if float(f"{mantissa}e{exponent}") < _TINY or round(abs(value)) >= _HUGE:
        front = _short(mantissa)
        return f"{sign}{'' if front == '1' else f'{front} × '}10{str(power).translate(_SUPERSCRIPTS)}"
    return sign + _short(f"{abs(value):,.{max(digits - 1 - power, 0)}f}")


def grouped(number: int) -> str:
    """Return a count: "12,345"."""
    return fixed(number, 0)


def percent(share: float) -> str:
    """Return a measured share, 0..1, in percent: "63.8%"."""
    return f"{fixed(100 * share, 1)}%" if math.isfinite(share) else UNDEFINED


def whole_percent(share: float, *, signed: bool = False) -> str:
    """Return a share, 0..1, without decimals: a setting, how far something is, a number in a narrow place."""
    return f"{fixed(100 * share, 0, signed=signed)}%" if math.isfinite(share) else UNDEFINED


def percent_range(low: float, high: float) -> str:
    """Return the ends of an interval of shares: "60.1–67.3%"."""
    return f"{fixed(100 * low, 1)}–{fixed(100 * high, 1)}%"


def in_points(difference: float) -> str:
    """Return a difference of shares, -1..1, in percentage points and without the unit: "+1.3", "−0.3", "0.0"."""
    return fixed(100 * difference, 1, signed=True)


def p_value(p: float) -> str:
    """Return the p of a test as it stands after its letter: "= 0.032", "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"= {significant(p, 2)}"


def file_size(number: float) -> str:
    """Return a number of bytes: "640 bytes", "12.3 kB", "45 MB", "1.34 GB"."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= limit * 0.9995:
            return f"{significant(number / limit)} {unit}"
    return f"{fixed(number, 0)} bytes"


def in_millions(number: float) -> str:
    """Return a large number of operations in words: "1.23 billion", "45.6 million"; below a million, as a count."""
    if number >= 0.9995e9:
        return f"{significant(number / 1e9)} billion"
    return f"{significant(number / 1e6)} million" if number >= 0.9995e6 else grouped(round(number))


def short(number: float, digits: int = 3) -> str:
    """Return a large number of weights or operations where there is little room: "0.94 M", "24 M", "2.81 G"."""
    if number >= 0.9995e9:
        return f"{significant(number / 1e9, digits)} G"
    return f"{significant(number / 1e6, digits)} M"


def duration(seconds: float) -> str:
    """Return a time in words, rounded as one would say it: "8 s", "3 min", "2 h", "4 days"."""
    for limit, length, unit in ((90, 1, "s"), (90 * 60, 60, "min"), (36 * 3600, 3600, "h")):
        if seconds < limit:
            return f"{max(round(seconds / length), 1)} {unit}"
    return f"{round(seconds / 86400)} days"


def took(seconds: float) -> str:
    """Return a time that was measured: "240 ms", "3.4 s", and from a minute and a half on as `duration` says it."""
    if seconds < 0.9995:
        return f"{round(1000 * seconds)} ms"
    return f"{fixed(seconds, 1)} s" if seconds < 90 else duration(seconds)


def tex(text: str) -> str:
    """Return what another function of this module returned, for a formula."""
    powers = _POWER.sub(lambda found: _typeset(found[0], found[1].translate(_NORMAL)), text)
    return powers.replace(MINUS, "-").replace("%", r"\%").replace(",", "{,}")


def _typeset(whole: str, power: str) -> str:
    return rf"{chr(92) + 'cdot ' if whole.startswith(' ') else ''}10^{{{power}}}"


def _special(value: float) -> str:
    return UNDEFINED if math.isnan(value) else "∞" if value > 0 else f"{MINUS}∞"


def _short(text: str) -> str:
    """Return a number's text without zeros at the end of its decimals."""
    return text.rstrip("0").rstrip(".") if "." in text else text

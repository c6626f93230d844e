"""The small pictures of the glossary, drawn by code as SVG; several words may share one.

A picture is 132 by 72. Its colours are classes of `words.css`, for light and dark pages: `ink` and `soft` are lines,
`pale` and `mid` areas, `cold` and `warm` what is frozen and what learns, `mark` what the word means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

WIDTH: Final = 132
HEIGHT: Final = 72
_BLOCKS: Final = ((6, 52), (26, 44), (46, 36), (66, 28), (86, 22))  # left edge and height of each block of a network
_HEAD: Final = (112, 14)


def _svg(parts: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def _rect(x: float, y: float, width: float, height: float, look: str = "pale", opacity: float = 1) -> str:
    faint = "" if opacity == 1 else f' opacity="{round(opacity, 2)}"'
    box = f'x="{round(x, 1)}" y="{round(y, 1)}" width="{round(width, 1)}" height="{round(height, 1)}"'
    return f'<rect {box} class="{look}"{faint}/>'


def _dot(x: float, y: float, radius: float = 3, look: str = "mid") -> str:
    return f'<circle cx="{round(x, 1)}" cy="{round(y, 1)}" r="{radius}" class="{look}"/>'


def _line(points: Sequence[tuple[float, float]], look: str = "ink") -> str:
    path = " ".join(f"{round(x, 1)},{round(y, 1)}" for x, y in points)
    return f'<polyline points="{path}" class="{look}"/>'


def _text(x: float, y: float, words: str, look: str = "words") -> str:
    return f'<text x="{x}" y="{y}" class="{look}">{words}</text>'


def _arrow(x: float, y: float, end: float) -> str:
    return _line([(x, y), (end, y)]) + _line([(end - 4, y - 3), (end, y), (end - 4, y + 3)])


def _curve(along: Callable[[float], float], look: str = "ink") -> str:
    """Return a curve over 0..1, whose values are heights of 0..1."""
    steps = [i / 24 for i in range(25)]
    return _line([(14 + 108 * x, 62 - 52 * along(x)) for x in steps], look)


def _axes() -> str:
    return _line([(14, 8), (14, 62), (124, 62)], "soft")


def network(blocks: str = "ppppp", head: str = "p") -> str:
    """A network: five blocks and a head. A letter each: p(ale), c(old, frozen), w(arm, learning), m(arked)."""
    looks = {"p": "pale", "c": "cold", "w": "warm", "m": "mark"}
    parts = [_line([(0, 36), (WIDTH, 36)], "soft")]
    for (x, height), letter in zip(_BLOCKS, blocks, strict=True):
        parts.append(_rect(x, 36 - height / 2, 14, height, looks[letter]))
        parts += _snowflake(x + 7, 36) if letter == "c" else _flame(x + 7, 36) if letter == "w" else ()
    x, height = _HEAD
    parts.append(_rect(x, 36 - height / 2, 14, height, looks[head]))
    return _svg(parts)


def _snowflake(x: float, y: float) -> list[str]:
    ends = [(4 * math.cos(math.pi * k / 3), 4 * math.sin(math.pi * k / 3)) for k in range(3)]
    return [_line([(x - dx, y - dy), (x + dx, y + dy)], "on") for dx, dy in ends]


def _flame(x: float, y: float) -> list[str]:
    return [f'<path d="M{x} {y - 6} q5 5 4 9 a4 4 0 0 1 -8 0 q0 -3 2 -4 q0 2 2 2 q1 -3 0 -7z" class="flame"/>']


def layers() -> str:
    """The layers inside of one block."""
    inside = [_rect(42 + 18 * i, 16, 10, 40, "mark" if i == 1 else "mid") for i in range(3)]
    return _svg([_rect(34, 8, 66, 56), *inside, _arrow(6, 36, 30), _arrow(104, 36, 128)])


def grid(marked: Iterable[tuple[int, int]], *, second: bool = False, values: bool = False) -> str:
    """A picture of pixels whose `marked` ones a kernel covers, and the map it makes; `second` shows its next place."""
    marked = set(marked)
    parts = [
        _rect(6 + 8 * c, 8 + 8 * r, 7, 7, "mark" if (r, c) in marked else "pale") for r in range(7) for c in range(7)
    ]
    if second:
        parts.append('<rect x="21.5" y="7.5" width="24" height="24" class="frame"/>')
    parts.append(_arrow(66, 36, 80))
    for r in range(5):
        for c in range(5):
            strength = math.exp(-((r - 2) ** 2 + (c - 1) ** 2) / 3) if values else 0
            parts.append(_rect(86 + 8 * c, 16 + 8 * r, 7, 7))
            if strength > 0.05:
                parts.append(_rect(86 + 8 * c, 16 + 8 * r, 7, 7, "mark", strength))
    if not values:
        parts.append(_rect(86, 16, 7, 7, "mark"))
    return _svg(parts)


def square(side: int, top: int = 0, left: int = 0) -> list[tuple[int, int]]:
    """The cells of a square."""
    return [(top + r, left + c) for r in range(side) for c in range(side)]


def stack() -> str:
    """One layer's maps behind each other: the channels."""
    back = [_rect(40 + 10 * i, 26 - 8 * i, 40, 40, "pale edge") for i in (2, 1)]
    return _svg([*back, _rect(40, 26, 40, 40, "mark edge"), _dot(54, 40, 6, "paper"), _dot(68, 54, 4, "paper")])


def relu() -> str:
    """Negative values become 0, positive ones stay."""
    return _svg(
        [
            _line([(10, 56), (122, 56)], "soft"),
            _line([(66, 8), (66, 64)], "soft"),
            _line([(10, 56), (66, 56), (114, 12)], "mark"),
        ]
    )


def pooling() -> str:
    """Four values become one."""
    four = [
        _rect(14 + 22 * c, 14 + 22 * r, 20, 20, "mark" if (r, c) == (0, 1) else "pale")
        for r in range(2)
        for c in range(2)
    ]
    names = [
        _text(20 + 22 * c, 28 + 22 * r, n) for (r, c), n in zip(((0, 0), (0, 1), (1, 0), (1, 1)), "1734", strict=True)
    ]
    return _svg([*four, *names, _arrow(64, 36, 86), _rect(94, 26, 20, 20, "mark"), _text(100, 40, "7")])


def field() -> str:
    """What one value of a deep layer can see: a cone back to the picture."""
    picture = [
        _rect(4 + 8 * c, 8 + 8 * r, 7, 7, "mark" if 1 <= r <= 5 and 1 <= c <= 5 else "pale")
        for r in range(7)
        for c in range(7)
    ]
    deep = [
        _rect(96 + 9 * c, 22 + 9 * r, 8, 8, "mark" if (r, c) == (1, 1) else "pale") for r in range(3) for c in range(3)
    ]
    return _svg([*picture, *deep, _line([(52, 16), (105, 31)], "soft"), _line([(52, 56), (105, 39)], "soft")])


def split(marked: int) -> str:
    """The pictures in three parts: for training, validation and test; -1 marks all."""
    parts, x = [], 8.0
    for number, (share, name) in enumerate(((0.6, "train"), (0.2, "val."), (0.2, "test"))):
        width = 116 * share
        parts.append(_rect(x, 26, width - 2, 22, "mark" if marked in (number, -1) else "pale"))
        parts.append(_text(x, 62, name))
        x += width
    return _svg(parts)


def epochs() -> str:
    """Accuracy rising from epoch to epoch."""
    ticks = [_line([(14 + 18 * k, 62), (14 + 18 * k, 66)], "soft") for k in range(7)]
    return _svg([_axes(), *ticks, _curve(lambda x: 0.9 * (1 - math.exp(-4 * x)), "mark")])


def falling() -> str:
    """The loss, falling."""
    return _svg([_axes(), _curve(lambda x: 0.1 + 0.85 * math.exp(-4 * x), "mark")])


def overfitting() -> str:
    """Two losses that part: the training's falls on, the validation's rises."""
    training = _curve(lambda x: 0.05 + 0.85 * math.exp(-4 * x))
    return _svg([_axes(), training, _curve(lambda x: 0.25 + 0.65 * math.exp(-6 * x) + 0.4 * x * x, "mark")])


def steps() -> str:
    """Steps down into a valley."""
    places = (0.04, 0.14, 0.24, 0.33, 0.41, 0.47)
    valley = [(14 + 108 * x, 10 + 48 * (1 - (2 * x - 1) ** 2)) for x in places]
    walk = [_dot(x, y, 3, "mark") for x, y in valley]
    return _svg([_curve(lambda x: 1 - 0.92 * (1 - (2 * x - 1) ** 2), "soft"), _line(valley, "mark"), *walk])


def batch() -> str:
    """A few pictures of many, taken together."""
    many = [
        _rect(8 + 15 * (i % 8), 10 + 18 * (i // 8), 12, 14, "mark" if i // 8 == 1 and i % 8 < 4 else "pale")
        for i in range(24)
    ]
    return _svg([*many, '<rect x="5.5" y="25.5" width="61" height="19" class="frame"/>'])


def dice() -> str:
    """A die."""
    pips = [_dot(x, y, 4, "mark") for x, y in ((52, 22), (80, 50), (66, 36), (80, 22), (52, 50))]
    return _svg(['<rect x="40" y="10" width="52" height="52" rx="8" class="pale edge"/>', *pips])


def dropped() -> str:
    """A small net of which some values are set to 0."""
    left, right = [(30, y) for y in (14, 36, 58)], [(100, y) for y in (14, 36, 58)]
    lines = [_line([a, b], "soft") for i, a in enumerate(left) for b in right if i != 1]
    crossed = _line([(26, 32), (34, 40)], "mark") + _line([(26, 40), (34, 32)], "mark")
    return _svg([*lines, *(_dot(x, y, 6, "pale edge") for x, y in left + right), crossed])


def turned() -> str:
    """One picture, and the same one turned, mirrored and darker."""
    figure = '<path d="M-9 10 L-9 -10 L3 -10 L3 -3 L-3 -3 L-3 10z" class="{}" transform="translate({} 36) {}"/>'
    ways = (("mid", 20, ""), ("mark", 56, "rotate(-20)"), ("mark", 88, "scale(-1 1)"), ("mark", 116, "scale(.7)"))
    return _svg([figure.format(*way) for way in ways])


def bells() -> str:
    """Values far from 0 are brought to mean 0 and to one width."""

    def bell(middle: float, width: float, look: str) -> str:
        return _curve(lambda x: 0.85 * math.exp(-(((x - middle) / width) ** 2)), look)

    return _svg(
        [
            _line([(14, 62), (124, 62)], "soft"),
            _line([(68, 6), (68, 66)], "soft"),
            bell(0.85, 0.07, "ink"),
            bell(0.5, 0.16, "mark"),
        ]
    )


def arithmetic() -> str:
    """Products that are added up."""
    return _svg([_text(14, 32, "0.2 × 3"), _text(14, 50, "+ 0.7 × 1"), _text(84, 42, "+ …", "words")])


def matrix(row: int = -1, column: int = -1) -> str:
    """A confusion matrix; a row, a column or both may be marked."""
    looks = {
        (r, c): "mark" if r == row or c == column else "mid" if r == c else "pale" for r in range(3) for c in range(3)
    }
    cells = [_rect(46 + 18 * c, 14 + 18 * r, 16, 16, look) for (r, c), look in looks.items()]
    numbers = [_text(51, 26, "9"), _text(69, 44, "8"), _text(87, 62, "9"), _text(69, 26, "1"), _text(51, 44, "2")]
    return _svg([_text(8, 42, "true"), _text(50, 10, "given"), *cells, *numbers])


def interval() -> str:
    """A value, and how far it may lie from the true one."""
    whiskers = _line([(40, 28), (40, 44)]) + _line([(104, 28), (104, 44)])
    return _svg([_line([(8, 36), (124, 36)], "soft"), _line([(40, 36), (104, 36)]), whiskers, _dot(74, 36, 5, "mark")])


def sure() -> str:
    """How often something is right, by how sure it is: along the diagonal."""
    found = [(34, 56), (56, 40), (78, 36), (100, 18)]
    return _svg([_axes(), _line([(14, 62), (122, 10)], "soft"), *(_dot(*at, 4, "mark") for at in found)])


def front() -> str:
    """Things by cost and worth; those that no other beats are joined by steps."""
    best, beaten = [(24, 56), (52, 34), (96, 16)], [(60, 54), (84, 44), (110, 34)]
    steps = [(24, 56), (52, 56), (52, 34), (96, 34), (96, 16), (124, 16)]
    return _svg([_axes(), _line(steps, "soft"), *(_dot(*at, 4, "mark") for at in best), *(_dot(*at) for at in beaten)])


def bars(heights: Sequence[float], marked: int, *, zero: float = 62) -> str:
    """Bars; the marked one stands out. Heights may be negative."""
    parts = [_line([(14, zero), (118, zero)], "soft")]
    for number, height in enumerate(heights):
        y = zero - max(height, 0)
        parts.append(_rect(22 + 24 * number, y, 16, abs(height), "mark" if number == marked else "mid"))
    return _svg(parts)


def hidden(*, heat: bool = False) -> str:
    """A thing in a picture: a square hides a part of it, or colour lies on what counts."""
    thing = '<ellipse cx="66" cy="36" rx="26" ry="13" class="mid" transform="rotate(-20 66 36)"/>'
    glow = [_dot(x, y, r, "glow") for x, y, r in ((66, 36, 16), (60, 38, 10), (74, 32, 9))]
    cover = [_rect(68, 18, 22, 22, "mark edge")]
    return _svg([_rect(26, 4, 80, 64), thing, *(glow if heat else cover)])


def edges() -> str:
    """A thing of which only the outline is left."""
    return _svg(
        [
            _rect(26, 4, 80, 64),
            '<ellipse cx="66" cy="36" rx="26" ry="13" class="outline" transform="rotate(-20 66 36)"/>',
        ]
    )


def gabor() -> str:
    """Stripes that fade out at the edges."""
    parts = []
    for r in range(9):
        for c in range(17):
            value = math.exp(-((r - 4) ** 2 / 12 + (c - 8) ** 2 / 24)) * math.cos(2 * math.pi * (c - 8) / 5)
            look = "mark" if value > 0 else "dark"
            parts += [_rect(14 + 6.2 * c, 8 + 6.2 * r, 6.2, 6.2, look, abs(value))] if abs(value) > 0.04 else []
    return _svg(parts)


def divided() -> str:
    """Two kinds of points, and the straight line that tells them apart."""
    ours = [_dot(x, y, 4, "mark") for x, y in ((30, 20), (44, 34), (26, 44), (52, 18), (40, 54))]
    others = [_dot(x, y, 4, "mid") for x, y in ((84, 30), (98, 50), (108, 26), (78, 56), (112, 60))]
    return _svg([*ours, *others, _line([(58, 66), (76, 6)])])


def alike() -> str:
    """Which pictures two layers find alike: the same pattern of squares."""

    def table(left: float) -> list[str]:
        shades = [
            (r, c, math.exp(-abs(r - c) * (0.5 if (r < 3) == (c < 3) else 2))) for r in range(6) for c in range(6)
        ]
        return [_rect(left + 9 * c, 10 + 9 * r, 8.5, 8.5, "mark", max(shade, 0.08)) for r, c, shade in shades]

    return _svg([*table(6), *table(72), _text(62, 40, "≈")])


def twins() -> str:
    """The same picture among those for training and those for the test."""
    ring = [f'<circle cx="{x}" cy="36" r="9" class="outline"/>' for x in (40, 92)]
    return _svg(
        [
            _rect(22, 18, 36, 36),
            _rect(74, 18, 36, 36),
            *ring,
            _text(62, 41, "="),
            _text(24, 68, "train"),
            _text(80, 68, "test"),
        ]
    )


def three() -> str:
    """Three trainings beside each other, which differ in one thing each."""
    return bars((24, 50, 34), 2)


def lattice(looks: Callable[[int, int], tuple[str, float]], more: Iterable[str] = ()) -> str:
    """A self-organising map of 4 by 7 units; `looks` gives each one's class and opacity by row and column."""
    cells = []
    for r in range(4):
        for c in range(7):
            look, opacity = looks(r, c)
            cells.append(_rect(11 + 16 * c, 5 + 16 * r, 14, 14))
            cells.append(_rect(11 + 16 * c, 5 + 16 * r, 14, 14, look, opacity))
    return _svg([*cells, *more])


def som() -> str:
    """A map whose neighbours are alike."""
    return lattice(lambda r, c: ("mark", (r + c + 1) / 10))


def units(*marked: tuple[int, int], more: Iterable[str] = ()) -> str:
    """A map with some units marked."""
    return lattice(lambda r, c: ("mark" if (r, c) in marked else "pale", 1), more)


def neighbourhood() -> str:
    """How strongly the units around the best one follow it."""
    return lattice(lambda r, c: ("mark", math.exp(-((r - 1.5) ** 2 + (c - 3) ** 2) / 3)))


def ridges() -> str:
    """A U-matrix: dark where neighbouring units differ."""
    return lattice(lambda r, c: ("dark", 0.8 if c == 3 or (r == 2 and c > 3) else 0.1))


def far() -> str:
    """A sample beside its best unit, and how far they are apart."""
    return units((1, 2), more=[_line([(50, 28), (78, 50)], "ink"), _dot(78, 50, 4, "dark")])


def torn() -> str:
    """A sample whose two nearest units do not touch."""
    return units((0, 1), (3, 5), more=[_line([(34, 12), (98, 60)], "ink"), _dot(66, 36, 4, "dark")])


def closed() -> str:
    """A map whose left side meets its right one."""
    ends = '<path d="M10 66 q-8 4 0 4 h112 q8 0 0 -4" class="ink" fill="none"/>'
    return lattice(lambda _, c: ("mark" if c in (0, 6) else "pale", 1), [ends])

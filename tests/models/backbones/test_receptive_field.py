"""Sizes and receptive fields, with the lecture's numbers."""

import pytest

from models.backbones.receptive_field import (
    PIXEL,
    Field,
    effective_kernel,
    fits,
    merged,
    output_size,
    same_padding,
    through,
)
from models.errors import InputError


def test_lecture_sizes() -> None:
    assert output_size(32, 5) == 28  # LeNet-5's first layer
    assert output_size(32, 5, stride=2, padding=(1, 1)) == 15  # the slide prints 12
    assert output_size(5, 3, stride=3, padding=(2, 2)) == 3
    assert fits(5, 3, stride=3, padding=(2, 2))
    assert not fits(5, 3, stride=3)
    assert output_size(4, 2, stride=2) == 2


def test_dilation_spreads_the_kernel() -> None:
    assert (effective_kernel(3), effective_kernel(3, 2), effective_kernel(1, 4)) == (3, 5, 1)
    assert same_padding(10, 3, dilation=3) == (3, 3)
    assert output_size(10, 3, dilation=3) == 4  # spans 7
    assert through(Field(3, 2, 1.0), 3, dilation=3) == Field(size=15, jump=2, start=7.0)


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "zeros"),
    [(5, 3, 1, (1, 1)), (8, 3, 2, (0, 1)), (7, 3, 2, (1, 1)), (64, 7, 2, (2, 3)), (4, 1, 2, (0, 0)), (6, 2, 2, (0, 0))],
)
def test_same_padding_puts_the_odd_zero_at_the_end(n: int, kernel: int, stride: int, zeros: tuple[int, int]) -> None:
    assert same_padding(n, kernel, stride) == zeros
    assert output_size(n, kernel, stride, zeros) == -(-n // stride)


def test_lenet_by_hand() -> None:
    field, seen = PIXEL, []
    for kernel, stride in ((5, 1), (2, 2), (5, 1), (2, 2)):
        field = through(field, kernel, stride)
        seen.append((field.size, field.jump, field.start))
    assert seen == [(5, 1, 2.0), (6, 2, 2.5), (14, 2, 6.5), (16, 4, 7.5)]


def test_a_unit_knows_its_window() -> None:
    padded = through(PIXEL, 3, stride=2, before=1)
    assert padded == Field(size=3, jump=2, start=0.0)
    assert [padded.window(i) for i in (0, 1, 4)] == [(-1, 1), (1, 3), (7, 9)]
    even = through(PIXEL, 2, stride=2)
    assert [even.window(i) for i in (0, 3)] == [(0, 1), (6, 7)]


def test_branches_take_the_widest() -> None:
    assert merged([Field(3, 2, 1.0), Field(7, 2, 1.0), Field(1, 2, 1.0)]) == Field(7, 2, 1.0)
    with pytest.raises(InputError, match=r"Received \[2, 4\]"):
        merged([Field(3, 2), Field(3, 4)])


@pytest.mark.parametrize(
    "arguments", [(3, 5), (0, 1), (5, 0), (5, 3, 0), (5, 3, 1, (-1, 0)), (5, 3, 1, (0, 0), 3), (5, 3, 1, (0, 0), 0)]
)
def test_kernels_that_do_not_fit_are_refused(arguments: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="Expected"):
        output_size(*arguments)

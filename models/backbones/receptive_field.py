"""Sizes and receptive fields of layers, by arithmetic along one axis.

    output size     floor((n + padding - kernel) / stride) + 1, with the padding of both ends together
    receptive field r_l = r_(l-1) + (k_l - 1) * j_(l-1)
    jump            j_l = j_(l-1) * s_l
    start           t_l = t_(l-1) + ((k_l - 1) / 2 - padding before) * j_(l-1)

A kernel with dilation d counts as one of d * (k - 1) + 1. The rule is Dumoulin and Visin's (A guide to convolution
arithmetic for deep learning, 2016); where branches meet, a unit sees what the widest of them sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import InputError


@dataclass(frozen=True, slots=True)
class Field:
    """What one unit of a layer sees of the picture, along one axis.

    Attributes:
        size: Pixels a unit depends on; not cut at the border of the picture.
        jump: Pixels between the centres of neighbouring units.
        start: Pixel coordinate of the centre of unit 0; pixel 0 has its centre at 0.0.
    """

    size: int = 1
    jump: int = 1
    start: float = 0.0

    def window(self, index: int) -> tuple[int, int]:
        """Return the first and the last pixel that unit `index` depends on; they may lie outside the picture."""
        first = self.start + index * self.jump - (self.size - 1) / 2
        return round(first), round(first) + self.size - 1


PIXEL = Field()


def effective_kernel(kernel: int, dilation: int = 1) -> int:
    """Return how many pixels a dilated kernel spans."""
    return dilation * (kernel - 1) + 1


def output_size(n: int, kernel: int, stride: int = 1, padding: tuple[int, int] = (0, 0), dilation: int = 1) -> int:
    """Return how many times the kernel fits along `n` values with `padding` (before, after).

    Raises:
        InputError: A number is too small, or the kernel does not fit once.
    """
    if min(n, kernel, stride, dilation) < 1 or min(padding) < 0:
        raise InputError(
            f"Expected size, kernel, stride and dilation of at least 1 and padding of at least 0. "
            f"Received {n}, {kernel}, {stride}, {dilation} and {padding}."
        )
    room = n + sum(padding) - effective_kernel(kernel, dilation)
    if room < 0:
        raise InputError(
            f"Expected a kernel that fits into {n} + {sum(padding)} values. "
            f"Received one that spans {effective_kernel(kernel, dilation)}."
        )
    return room // stride + 1


def fits(n: int, kernel: int, stride: int = 1, padding: tuple[int, int] = (0, 0)) -> bool:
    """Return whether the last step of the kernel ends exactly at the border, so that no value is left out."""
    room = n + sum(padding) - kernel
    return room >= 0 and room % stride == 0


def same_padding(n: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Return the zeros (before, after) of Keras's padding "same": ceil(n / stride) outputs, the odd zero at the end."""
    total = max((-(-n // stride) - 1) * stride + effective_kernel(kernel, dilation) - n, 0)
    return total // 2, total - total // 2


def through(field: Field, kernel: int, stride: int = 1, before: int = 0, dilation: int = 1) -> Field:
    """Return the field after a convolution or pooling with `before` zeros in front."""
    reach = effective_kernel(kernel, dilation) - 1
    return Field(
        size=field.size + reach * field.jump,
        jump=field.jump * stride,
        start=field.start + (reach / 2 - before) * field.jump,
    )


def merged(fields: Sequence[Field]) -> Field:
    """Return the field where branches meet: the widest one's.

    Raises:
        InputError: The branches step differently, so their units do not lie on one another.
    """
    if len({field.jump for field in fields}) != 1:
        raise InputError(f"Expected branches with one jump. Received {sorted({field.jump for field in fields})}.")
    return max(fields, key=lambda field: field.size)

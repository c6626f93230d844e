"""The first 200 digits as if they were all: a training of a frozen network mostly costs one look at every picture.

    python -m tests.few_digits -m models.sweeps.worker.job RUN      a module of the app, with them

It is for tests whose check does not depend on how many pictures there are; other processes know all digits.
"""

import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from models.pictures import datasets

COUNT = 200  # with 12 or so of each digit to learn from, 4 to watch, 4 to test


@contextmanager
def few_digits() -> Iterator[None]:
    """Let this process know the first digits alone while the body runs."""
    digits = datasets.load("digits")
    images, labels = digits.images[:COUNT], digits.labels[:COUNT]
    per_class = tuple(int(count) for count in np.bincount(labels))
    few = replace(digits.spec, per_class=per_class, origin=lambda: (images, labels))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(datasets.DATASETS, "digits", few)
        datasets.load.cache_clear()
        yield
    datasets.load.cache_clear()


if __name__ == "__main__":
    _, option, module, *arguments = sys.argv
    assert option == "-m", "Expected: python -m tests.few_digits -m MODULE ARGUMENTS"
    sys.argv = [module, *arguments]
    with few_digits():
        runpy.run_module(module, run_name="__main__", alter_sys=True)

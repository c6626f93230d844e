"""The files that need a browser go to one worker of pytest-xdist while there are others."""

from collections import OrderedDict

import pytest

scheduling = pytest.importorskip("tests.scheduling", reason="pytest-xdist is not installed")
BROWSER = ["tests/browser/test_a.py", "tests/browser/test_b.py", "tests/browser/test_c.py"]
OTHERS = ["tests/models/test_d.py", "tests/dashboard/test_e.py"]


class Worker:
    """Notes the places in the collection that it is given."""

    def __init__(self) -> None:
        self.places: list[int] = []

    def send_runtest_some(self, places: list[int]) -> None:
        self.places += places


def given(files: list[str], asks: list[int]) -> list[list[str]]:
    """The files that each of two workers has when they have asked in this order."""
    queue = object.__new__(scheduling.BrowserInOneWorker)
    first, second = Worker(), Worker()
    tests = [f"{file}::test" for file in files]
    queue.workqueue = OrderedDict((file, {test: False}) for file, test in zip(files, tests, strict=True))
    queue.assigned_work = OrderedDict([(first, {}), (second, {})])
    queue.registered_collections = {first: tests, second: tests}
    for number in asks:
        queue._assign_work_unit((first, second)[number])
    return [[files[place] for place in worker.places] for worker in (first, second)]


def test_one_worker_has_the_browser_and_the_other_the_rest():
    assert given(BROWSER + OTHERS, [0, 1, 0, 1]) == [BROWSER[:2], OTHERS]


def test_who_has_nothing_else_left_takes_the_last_that_needs_a_browser():
    assert given(BROWSER + OTHERS, [0, 1, 1, 1, 0]) == [BROWSER[:2], [*OTHERS, BROWSER[2]]]


def test_when_the_browser_is_done_the_first_worker_takes_the_rest_in_order():
    assert given(BROWSER[:1] + OTHERS, [0, 0, 1]) == [[BROWSER[0], OTHERS[0]], [OTHERS[1]]]

"""Parts of a larger work: their share is moved into a stretch of the whole's, or nobody sees it."""

import pytest

from models.errors import Cancelled
from models.storage.progress import Checked, Part


class Whole:
    def __init__(self):
        self.events, self.cancelled = [], False

    def event(self, **fields):
        self.check()
        self.events.append(fields)

    def check(self):
        if self.cancelled:
            raise Cancelled


def test_a_part_moves_its_share_into_its_stretch_and_passes_the_rest_on():
    whole = Whole()
    part = Part(whole, 0.5, 0.75)
    part.event(share=0.0, note="begins")
    Part(part, 0.0, 0.5).event(share=1.0, epoch=3)
    part.event(note="no share")
    assert whole.events == [{"share": 0.5, "note": "begins"}, {"share": 0.625, "epoch": 3}, {"note": "no share"}]


def test_what_is_only_checked_records_nothing():
    whole = Whole()
    Checked(whole.check).event(share=1.0, note="unseen")
    assert whole.events == []


@pytest.mark.parametrize("made", [lambda whole: Part(whole, 0, 1), lambda whole: Checked(whole.check)])
def test_a_part_is_cancelled_with_the_whole(made):
    whole = Whole()
    part = made(whole)
    part.check()
    whole.cancelled = True
    with pytest.raises(Cancelled):
        part.check()
    with pytest.raises(Cancelled):
        part.event(share=0.5)

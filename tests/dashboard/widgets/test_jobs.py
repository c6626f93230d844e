"""Jobs as the visitor sees them."""

from types import SimpleNamespace

import pytest

from dashboard.widgets.jobs import distinct_names, seconds_left, shares_reached, still_takes, time_left, waits_for
from models.storage import runs


def left(reports, now, since=0.0):
    """The estimate at `now` from reports [(seconds, share)] made until then."""
    return seconds_left(shares_reached([{"at": at, "share": share} for at, share in reports if at <= now], since), now)


def test_jobs_of_one_title_have_names_of_their_own_oldest_first():
    newest_first = {key: SimpleNamespace(title=title) for key, title in (("c", "A"), ("b", "B"), ("a", "A"))}
    assert distinct_names(newest_first) == {"c": "A (2)", "b": "B", "a": "A"}


def test_an_even_pace_is_carried_on():
    even = [(second, second / 100) for second in range(101)]
    assert [left(even, now) for now in (0, 1, 10, 50, 99)] == [None, None, *map(pytest.approx, (90, 50, 1))]


def test_what_came_before_the_work_does_not_slow_it_down():
    prepared = [(0, 0.0), (60, 0.0), (90, 0.0)] + [(90 + second, second / 100) for second in range(1, 101)]
    assert left(prepared, 94) == pytest.approx(96)  # by the share since the beginning it would be 94 * 96 / 4 s: 38 min


def test_the_time_left_counts_down_while_nothing_is_reported():
    """As when a file that has arrived is checked; later than estimated nothing is said."""
    arrived = [(second, 0.95 * second / 100) for second in range(101)]
    ahead = [left(arrived, 100 + waited) for waited in range(9)]
    assert ahead == [pytest.approx(100 * 0.05 / 0.95 - waited) for waited in range(9)] and ahead[-1] < 0


@pytest.mark.parametrize("rest", [5, 60, 600])
def test_after_a_rest_the_time_left_rises_by_little_and_comes_back(rest):
    reports = [(second + rest * (second > 30), second / 100) for second in range(101)]
    estimates = {second: left(reports, second) for second in range(3, rest + 101)}
    assert all(estimates[second] == pytest.approx(100 - second) for second in range(3, rest + 31))
    assert all(69 <= estimates[second] <= 70 + second - 30 for second in range(rest + 31, rest + 36))
    assert all(estimates[second] == pytest.approx(rest + 100 - second) for second in range(rest + 42, rest + 101))


def test_the_pace_of_late_counts():
    slower = [(second, second / 100) for second in range(51)] + [(50 + 4 * n, 0.5 + n / 100) for n in range(1, 51)]
    assert left(slower, 130) == pytest.approx(120)  # 30 more, 4 s each; by the share since the beginning 56 s
    epochs = [(60 * n, n / 10) for n in range(10)]  # not one in the last 10 s
    assert left(epochs, 300) == pytest.approx(300) and left(epochs, 330) == pytest.approx(270)


def test_a_run_taken_up_after_a_kill_begins_anew():
    reports = [(second, second / 100) for second in range(50)] + [(1000 + n, 0.5 + n / 200) for n in range(20)]
    assert left(reports, 1010, since=999.0) == pytest.approx(90)
    assert left([*reports[:50], (60, 0.1), (61, 0.11), (62, 0.12), (63, 0.13)], 63) == pytest.approx(87)


def test_a_page_says_what_is_left_of_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    clock = iter([1000.0, 1000.0, *(1000.0 + 6 * n for n in range(1, 9))])
    run = runs.create("training", {}, owner="me", title="A run")
    progress = runs.RunProgress(run, lambda: next(clock))
    progress.event(share=0.0, note="Beginning")
    assert time_left(run, 1000.0) == ""
    for n in range(1, 6):
        progress.event(share=n / 10, note=f"Epoch {n} of 10", epoch=n)
    progress.event(note="Something that is no share")
    assert time_left(run, 1030.0) == "about 30 s left" and time_left(run, 1040.0) == "about 20 s left"
    assert time_left(run, 1100.0) == ""
    run.path("events.jsonl").write_text('[]\n{"epoch": 1}\n{"share": 0.5}\n')
    assert time_left(run, 1030.0) == ""


def queued(kind, seconds=None, share=None, began=0.0):
    """A run as the queue has it: predicted, and at a share of its work since it began."""
    reports = [] if share is None else [{"at": began + n, "share": share * n / 10} for n in range(11)]
    status = SimpleNamespace(started=began if share is not None else None)
    return SimpleNamespace(kind=kind, seconds=seconds, status=status, events=lambda: reports)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        ([queued("training", 240)], "Waiting for a training, about 4 min"),
        ([queued("som", 20), queued("training", 25)], "Waiting for 2 jobs, about 45 s"),
        (
            [queued("training", 600, share=0.25, began=90.0), queued("training", 30)],
            "Waiting for 2 trainings, about 60 s",
        ),
        ([queued("training", 90), queued("weights")], "Waiting for 2 jobs"),
    ],
)
def test_who_waits_hears_for_what_and_how_long(ahead, words):
    assert waits_for(ahead, 100.0) == words  # a quarter in 10 s: 30 s are left, whatever was predicted


def test_a_job_that_is_at_its_end_or_late_takes_no_less_than_nothing():
    assert still_takes(queued("training", 10, share=0.0, began=50.0), 100.0) == 0
    assert still_takes(queued("weights"), 100.0) is None

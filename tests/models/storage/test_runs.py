"""Run directories: whole after a kill at any moment, and nobody else's."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from models.errors import Cancelled, InputError, RunNotFound, StorageUnavailable
from models.jobs import execute
from models.storage import files, runs


@pytest.fixture
def run():
    return runs.create("training", {"epochs": 3}, owner="a" * 32, title="A run")


def test_a_new_run_waits_and_keeps_what_was_asked(run):
    again = runs.get(run.id)
    assert (again.kind, again.title, again.owner, again.spec) == ("training", "A run", "a" * 32, {"epochs": 3})
    assert again.status == runs.RunStatus("queued") and again.status.active


def test_ids_have_128_bits_and_differ():
    ids = {runs.create("som", {}, owner="b" * 32, title="").id for _ in range(20)}
    assert len(ids) == 20 and all(len(run_id) == 32 for run_id in ids)


@pytest.mark.parametrize("run_id", ["", "../../etc", "f" * 31, "F" * 32, "f" * 32, "a/b", "\x00" * 32])
def test_a_malformed_or_unknown_id_is_refused(run_id):
    with pytest.raises(RunNotFound):
        runs.get(run_id)


def test_a_visitor_sees_his_own_runs_newest_first(run):
    later = runs.create("training", {}, owner="a" * 32, title="later")
    runs.create("training", {}, owner="c" * 32, title="somebody else's")
    mine = [found.id for found in runs.listing("a" * 32, "training")]
    assert mine.index(later.id) < mine.index(run.id)
    assert all(runs.get(run_id).owner == "a" * 32 for run_id in mine)


def test_events_and_share_reach_the_reader(run):
    progress = runs.RunProgress(run, clock=lambda: 5.0)
    progress.event(share=0.25, note="epoch 1 of 4", epoch=1, loss=0.5)
    progress.event(epoch=2)
    assert [event["epoch"] for event in run.events()] == [1, 2] and run.events(since=1)[0]["epoch"] == 2
    assert (run.status.state, run.status.share, run.status.note) == ("running", 0.25, "epoch 1 of 4")
    progress.finish("done")
    assert (run.status.state, run.status.share, run.status.finished) == ("done", 1.0, 5.0)


def test_a_cancelled_run_hears_of_it_at_its_next_check(run):
    progress = runs.RunProgress(run)
    progress.check()
    run.cancel()
    with pytest.raises(Cancelled):
        progress.check()
    with pytest.raises(Cancelled):
        progress.event(epoch=1)
    assert run.events()[0]["epoch"] == 1  # what happened is recorded all the same


def test_a_line_cut_short_by_a_kill_is_passed_over_and_ended(run):
    path = run.path("events.jsonl")
    path.write_bytes(b'{"epoch": 1}\n{"epo')
    assert [event["epoch"] for event in run.events()] == [1]
    runs.RunProgress(run).event(epoch=2)
    assert [event["epoch"] for event in run.events()] == [1, 2]


@pytest.mark.parametrize("content", [b"", b"{", b'{"state": "done", "nonsense": 1}'])
def test_a_broken_status_is_a_failure_with_a_sentence(run, content):
    run.path("status.json").write_bytes(content)
    assert run.status.state == "failed" and run.status.message.endswith(".")


def test_a_folder_without_its_spec_is_no_run(run):
    (files.home() / "runs" / ("d" * 32)).mkdir()
    with pytest.raises(RunNotFound):
        runs.get("d" * 32)
    assert "d" * 32 not in [found.id for found in runs.everything()]


def test_old_runs_are_cleared_away_and_new_ones_kept(run):
    old = runs.create("training", {}, owner="e" * 32, title="old")
    long_ago = time.time() - 20 * 86400
    for path in old.folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    assert runs.clear_old() >= 1
    assert runs.get(run.id) and not old.folder.exists()


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("way", ["create", "clear", "publish"])
def test_nobody_else_may_look_into_runs_also_those_of_an_older_home(own_home, way):
    (own_home / "runs").mkdir(mode=0o755)
    if way == "create":
        folder = runs.create("training", {}, owner="", title="").folder
    elif way == "publish":
        made = own_home / "cell"
        made.mkdir(mode=0o755)
        record = {"kind": "training", "title": "", "owner": "", "spec": {}}
        folder = runs.publish(made, "a" * 32, record, started=0.0).folder
    else:
        runs.clear_old()
        folder = own_home / "runs"
    modes = {path.stat().st_mode & 0o777 for path in (own_home / "runs", folder)}
    assert modes == {0o700}


def test_an_id_leads_to_no_folder_outside_runs(own_home):
    """Also where there is a record to be read: whoever knows a path must not come to it by a link."""
    run = runs.create("training", {}, owner="a" * 32, title="A run")
    for folder in (own_home / "elsewhere", own_home / "runs" / "named"):
        shutil.copytree(run.folder, folder)
    ids = [
        "../elsewhere",
        "named",
        f"../runs/{run.id}",
        f"./{run.id}",
        f"{run.id}/",
        f"{run.id}\n",
        run.folder.as_posix(),
    ]
    for wrong in (*ids, run.id.replace(run.id[0], "A"), run.id[:-1], "", "."):
        with pytest.raises(RunNotFound, match="32 characters out of 0-9 and a-f"):
            runs.get(wrong)
        with pytest.raises(InputError, match="32 characters out of 0-9 and a-f"):
            runs.publish(own_home / "elsewhere", wrong, {}, started=0.0)
    assert (own_home / "elsewhere" / "spec.json").exists()
    assert runs.get(run.id).title == "A run" and [found.id for found in runs.everything()] == [run.id]


def test_a_half_made_folder_is_cleared_away_after_a_day(own_home):
    half_made = own_home / "runs" / f".{'a' * 32}.tmp"
    half_made.mkdir(parents=True)
    assert runs.clear_old(time.time() + 86000) == 0 and half_made.exists()
    assert runs.clear_old(time.time() + 87000) == 1 and not half_made.exists()


def test_what_a_killed_writer_left_is_cleared_away_after_a_day(own_home):
    (own_home / "uploads").mkdir()
    stray, kept = own_home / "uploads" / ".a.png.17.abcd.tmp", own_home / "uploads" / "a.png"
    stray.write_bytes(b"half")
    kept.write_bytes(b"whole")
    runs.clear_old(time.time() + 86000)
    assert stray.exists()
    runs.clear_old(time.time() + 87000)
    assert kept.exists() and not stray.exists()


def test_the_runs_that_ended_longest_ago_make_room(own_home, monkeypatch):
    kept = []
    for number in range(5):
        run = runs.create("training", {}, owner="a" * 32, title=str(number))
        run.path("classifier.keras").write_bytes(bytes(100_000))
        run.set_status(runs.RunStatus("running" if number == 1 else "done"))
        for path in run.folder.iterdir():
            os.utime(path, (1e9 + number, 1e9 + number))
        kept.append(run)
    monkeypatch.setattr(runs, "MOST_BYTES", 250_000)
    assert runs.clear_old(1e9 + 10) == 2
    assert [run.title for run in kept if run.folder.exists()] == ["1", "3", "4"]  # 1 still works


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"kind": "training"}', b"1"])
def test_a_record_that_is_none_is_no_run(own_home, content):
    run = runs.create("training", {}, owner="a" * 32, title="x")
    run.path("spec.json").write_bytes(content)
    with pytest.raises(RunNotFound):
        runs.get(run.id)
    assert runs.everything() == []


def test_a_writer_killed_at_random_moments_never_leaves_half_a_file(tmp_path):
    path = tmp_path / "state.json"
    loop = (
        "import json, itertools, pathlib; from models.storage.files import write_atomically\n"
        f"for i in itertools.count(): write_atomically(pathlib.Path({str(path)!r}), json.dumps([i] * 20000).encode())"
    )
    for attempt in range(8):
        writer = subprocess.Popen([sys.executable, "-c", loop], cwd=files.ASSETS.parent)
        while not path.exists():
            time.sleep(0.01)
        time.sleep(0.03 + 0.017 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        assert len(set(json.loads(path.read_bytes()))) == 1


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    files.write_atomically(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "cannot be written")])
def test_a_run_that_cannot_be_written_is_refused_with_a_sentence_and_leaves_nothing(
    own_home, monkeypatch, number, words
):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageUnavailable, match=words):
        runs.create("training", {}, owner="", title="")
    assert not list((own_home / "runs").glob("*")) and not list((own_home / "runs").glob(".*"))


def test_a_home_that_cannot_be_made_gives_way_to_a_temporary_one(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path))
    run = runs.create("training", {}, owner="", title="")
    assert runs.get(run.id) == run
    assert run.folder.is_relative_to(tmp_path)
    assert "temporary" in files.storage_note()
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path / "good"))
    assert files.storage_note() == ""


def test_a_temporary_home_that_somebody_else_laid_there_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"freezeframe-home-{os.getuid()}").symlink_to(tmp_path / "theirs")
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path))
    with pytest.raises(StorageUnavailable, match="FREEZEFRAME_HOME"):
        files.home()


def test_after_a_cancel_the_state_stays_and_an_end_is_a_cancelled_one(run):
    progress = runs.RunProgress(run)
    progress.event(share=0.5)
    run.cancel()
    run.set_status(runs.RunStatus("cancelled"))
    with pytest.raises(Cancelled):
        progress.event(share=0.6)
    assert run.status.state == "cancelled"
    progress.finish("done")
    assert run.status.state == "cancelled"


def test_a_job_that_fills_the_disk_ends_with_a_sentence(run, monkeypatch):
    """Also where even its end finds no space until the way there has been given up."""
    write, full = files.write_atomically, []

    def fill(*_):
        full.append(True)
        raise OSError(errno.ENOSPC, "No space left on device")

    def until_events_are_gone(path, data):
        if full and run.path("events.jsonl").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(runs, "write_atomically", until_events_are_gone)
    monkeypatch.setattr(execute, "function", lambda _: fill)
    run.path("events.jsonl").write_text('{"epoch": 1}\n')
    assert execute.execute(run.id) == "failed"
    assert run.status.message.startswith("The disk is full")


@pytest.mark.parametrize("late", ["queued", "running", "done"])
def test_what_was_cancelled_is_cancelled_whatever_its_worker_writes_after_it(run, late):
    run.cancel()
    run.set_status(runs.RunStatus(late, share=0.9))
    assert run.status.state == "cancelled" and not run.status.active


def test_a_failure_stays_one_after_a_cancel(run):
    run.cancel()
    run.set_status(runs.RunStatus("failed", message="why"))
    assert run.status.message == "why" and run.status.state == "failed"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"state": "asleep"}', '{"state": "done", "share": "half"}', "null"])
def test_a_state_that_cannot_be_read_is_an_incomplete_run(run, text):
    run.path("status.json").write_text(text)
    assert run.status.state == "failed" and "incomplete" in run.status.message


@pytest.mark.parametrize("change", [{"title": 5}, {"spec": []}, {"created": "today"}, {"kind": None}])
def test_a_record_with_other_types_is_no_run(run, change):
    record = json.loads(run.path("spec.json").read_bytes())
    runs._read_record.cache_clear()
    run.path("spec.json").write_text(json.dumps({**record, **change}))
    with pytest.raises(RunNotFound):
        runs.get(run.id)


def test_only_what_says_that_nothing_can_be_written_becomes_that_sentence():
    with pytest.raises(StorageUnavailable, match="The disk is full"), files.saving():
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), files.saving():
        raise FileNotFoundError


def test_a_click_that_finds_the_disk_full_gets_a_sentence(monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(execute, "function", lambda _: full)
    answer = execute.interactive("predict", {"network": "run:example", "picture": "sample:galaxies:3"})
    assert isinstance(answer, StorageUnavailable) and str(answer).startswith("The disk is full")


def test_a_run_that_has_ended_can_be_removed_and_no_other():
    done, working = (runs.create("training", {}, owner="6" * 32, title="A run") for _ in range(2))
    done.set_status(runs.RunStatus("cancelled"))
    for run in (done, working, runs.get(runs.EXAMPLE)):
        runs.remove(run)
    assert not done.folder.exists() and working.folder.exists() and runs.get(runs.EXAMPLE).folder.exists()
    working.set_status(runs.RunStatus("cancelled"))

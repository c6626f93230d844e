"""Weight files: fetched from a server on this machine, broken on purpose, raced for."""

import contextlib
import errno
import hashlib
import http.server
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.backbones import registry, retrieval, weights
from models.backbones.weights import WEIGHTS, WeightsSpec
from models.errors import Cancelled, InputError, WeightsUnavailable
from models.jobs.job import function

CONTENT = bytes(range(256)) * 4096  # 1 MB
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()


class Server:
    """What the test lets the server do, and what it was asked."""

    def __init__(self) -> None:
        self.content, self.promised, self.status, self.pause, self.requests = CONTENT, len(CONTENT), 200, 0.0, 0
        self.before, self.middle = 0.0, lambda: None  # seconds before the first byte; what happens at the half
        self.sent = 0  # bytes


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """An HTTP server that has vgg16's weights (with a hash) and mobilenetv2's (without)."""
    state = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests += 1
            self.send_response(state.status)
            self.send_header("Content-Length", str(state.promised))
            self.end_headers()
            with contextlib.suppress(OSError):
                time.sleep(state.before)
                for start in range(0, len(state.content), 1 << 17):
                    if start == len(state.content) // 2:
                        state.middle()
                    state.sent += self.wfile.write(state.content[start : start + (1 << 17)])
                    time.sleep(state.pause)

        def log_message(self, *arguments: Any) -> None:
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    for name, known in (("vgg16", MD5), ("mobilenetv2", None)):
        url = f"http://127.0.0.1:{listening.server_port}/{name}.h5"
        spec = replace(registry.BACKBONES[name], weights_url=url, weights_hash=known)
        monkeypatch.setitem(registry.BACKBONES, name, spec)
    yield state
    listening.shutdown()
    thread.join()
    listening.server_close()


class Listener:
    """Hears progress; cancels at the first bytes when told to."""

    def __init__(self, cancel: bool = False) -> None:
        self.events: list[dict[str, Any]] = []
        self.cancel, self.asked = cancel, False

    def event(self, **fields: Any) -> None:
        self.events.append(fields)
        if self.cancel and fields.get("share"):
            raise Cancelled

    def check(self) -> None:
        if self.asked:
            raise Cancelled


def any_file(_: Path) -> None:
    """A check that every file passes."""


def left(folder: Path) -> set[str]:
    return {file.name for file in (folder / "weights").iterdir() if file.suffix not in (".lock", ".json")}


def test_a_file_is_fetched_once_and_told_about(server: Server, tmp_path: Path) -> None:
    listener = Listener()
    assert not weights.available("vgg16")
    file = weights.fetch("vgg16", listener)
    assert file.read_bytes() == CONTENT
    assert weights.available("vgg16") and weights.local("vgg16") == file
    assert weights.fetch("vgg16") == file and server.requests == 1
    notes = [event["note"] for event in listener.events]
    assert notes[0] == "Asking 127.0.0.1 for the weights"
    assert notes[1].startswith("VGG16: ") and notes[1].endswith(" of 1.05 MB")
    assert notes[-1] == "Checking what arrived" and listener.events[-1]["share"] == 0.95
    assert all(0 <= event["share"] <= 1 for event in listener.events)
    assert left(tmp_path) == {"vgg16.h5"}
    record = json.loads(file.with_name("vgg16.h5.json").read_text())
    assert record["sha256"] == hashlib.sha256(CONTENT).hexdigest() and record["bytes"] == len(CONTENT)


def test_the_job_fetches(server: Server, tmp_path: Path) -> None:
    function(WEIGHTS.work)(WeightsSpec("vgg16"), Listener(), tmp_path)
    assert weights.available("vgg16")


def test_only_weights_of_a_backbone_that_there_is_are_fetched() -> None:
    assert WeightsSpec("vgg16").title == "Weights of VGG16"
    with pytest.raises(InputError, match="as the backbone"):
        WeightsSpec.from_json({"backbone": "gone"})


def test_two_at_once_download_once(server: Server) -> None:
    server.pause = 0.05
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(weights.fetch, ["vgg16"] * 4))
    assert len(set(files)) == 1 and server.requests == 1


@pytest.mark.parametrize("backbone", ["vgg16", "mobilenetv2"])
def test_a_download_that_breaks_off_leaves_nothing(server: Server, tmp_path: Path, backbone: str) -> None:
    server.promised = len(CONTENT) + 1000
    with pytest.raises(WeightsUnavailable, match="broke off; nothing was kept"):
        weights.fetch(backbone, check=any_file)
    assert left(tmp_path) == set() and not weights.available(backbone)


def test_other_bytes_than_the_hash_says_are_refused(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(WeightsUnavailable, match="not what was expected, so it was removed"):
        weights.fetch("vgg16")
    assert left(tmp_path) == set()


def test_without_a_hash_the_file_must_load_before_it_counts(server: Server, tmp_path: Path) -> None:
    def refuse(file: Path) -> None:
        assert file.read_bytes() == CONTENT and file.suffix == ".h5" and not weights.available("mobilenetv2")
        raise ValueError("shapes differ")

    with pytest.raises(WeightsUnavailable, match="not what was expected"):
        weights.fetch("mobilenetv2", check=refuse)
    assert left(tmp_path) == set()
    checked: list[Path] = []
    weights.fetch("mobilenetv2", check=checked.append)
    assert len(checked) == 1 and weights.available("mobilenetv2")


def test_with_neither_a_hash_nor_a_check_nothing_counts(server: Server, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="not what was expected"):
        weights.fetch("mobilenetv2")
    assert left(tmp_path) == set()


def test_without_a_hash_the_first_sha256_is_held_to(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    file = weights.fetch("mobilenetv2", check=any_file)
    file.unlink()
    server.content = CONTENT[::-1]
    with pytest.raises(WeightsUnavailable, match="not what was expected"):
        weights.fetch("mobilenetv2", check=any_file)
    server.content = CONTENT
    assert weights.fetch("mobilenetv2").read_bytes() == CONTENT
    file.unlink()
    moved = registry.BACKBONES["mobilenetv2"]
    monkeypatch.setitem(registry.BACKBONES, "mobilenetv2", replace(moved, weights_url=f"{moved.weights_url}?version=2"))
    server.content = CONTENT[::-1]  # another address may bring something else
    assert weights.fetch("mobilenetv2", check=any_file).read_bytes() == CONTENT[::-1]


def laid(name: str, content: bytes) -> Path:
    """Lay a file into the folder of weights as somebody would: without a record."""
    file = weights.path(registry.BACKBONES[name])
    file.parent.mkdir()
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("name", ["vgg16", "mobilenetv2"])
@pytest.mark.parametrize("take", [weights.fetch, weights.local], ids=["fetched", "used"])
def test_a_file_that_somebody_laid_there_is_taken_if_it_is_right(
    server: Server, name: str, take: Callable[..., Path]
) -> None:
    file = laid(name, CONTENT)
    assert weights.unchecked(name) and not weights.available(name)
    assert take(name, check=any_file) == file and file.read_bytes() == CONTENT
    assert weights.available(name) and not weights.unchecked(name) and server.requests == 0
    assert weights.local(name) == file


def refuses(_: Path) -> None:
    """A check that no file passes."""
    raise ValueError("shapes differ")


@pytest.mark.parametrize("name", ["vgg16", "mobilenetv2"])
def test_a_file_that_is_not_right_stays_until_the_right_one_has_come(server: Server, name: str, tmp_path: Path) -> None:
    file = laid(name, b"of somebody's own")
    with pytest.raises(WeightsUnavailable, match=f"The file {name}.h5 in the folder of weights does not hold the"):
        weights.local(name, refuses)
    server.status = 503
    with pytest.raises(WeightsUnavailable, match="the server answered 503"):
        weights.fetch(name, check=refuses)
    assert file.read_bytes() == b"of somebody's own" and weights.unchecked(name) and left(tmp_path) == {file.name}
    server.status = 200
    weights.fetch(name, check=lambda path: refuses(path) if path == file else None)
    assert file.read_bytes() == CONTENT and weights.available(name)


def test_what_was_taken_holds_for_itself_alone(server: Server) -> None:
    """A file that somebody laid there decides nothing about what the address brings later."""
    file = laid("mobilenetv2", CONTENT[::-1])
    weights.fetch("mobilenetv2", check=any_file)
    file.unlink()
    assert weights.fetch("mobilenetv2", check=any_file).read_bytes() == CONTENT


def test_a_full_disk_is_not_called_a_broken_connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pooch.core.stream_download", full)
    with pytest.raises(OSError, match="No space left"):
        weights.fetch("vgg16")


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:1000], lambda data: data[:-1] + b"x", lambda data: b""],
    ids=["half", "one byte", "empty"],
)
def test_a_damaged_file_is_removed_and_told(server: Server, damage: Callable[[bytes], bytes]) -> None:
    file = weights.fetch("vgg16")
    file.write_bytes(damage(CONTENT))
    with pytest.raises(WeightsUnavailable, match="was damaged and has been removed"):
        weights.local("vgg16")
    assert not file.exists()
    assert weights.fetch("vgg16").read_bytes() == CONTENT


def test_a_damaged_file_stays_until_its_like_has_come(server: Server) -> None:
    file = weights.fetch("vgg16")
    file.write_bytes(b"torn")
    server.status = 503
    with pytest.raises(WeightsUnavailable, match="the server answered 503"):
        weights.fetch("vgg16")
    assert file.read_bytes() == b"torn"


def test_cancelling_stops_at_once_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.pause = 0.5
    with pytest.raises(Cancelled):
        weights.fetch("vgg16", Listener(cancel=True))
    assert 0 < server.sent < len(CONTENT)
    assert left(tmp_path) == set()


def test_who_cancels_in_the_middle_need_not_wait_for_the_next_report(server: Server, tmp_path: Path) -> None:
    listener = Listener()
    server.middle = lambda: setattr(listener, "asked", True)
    with pytest.raises(Cancelled):
        weights.fetch("vgg16", listener)
    assert left(tmp_path) == set() and not weights.available("vgg16")
    assert weights.fetch("vgg16").read_bytes() == CONTENT


def test_progress_is_the_share_that_has_arrived(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "_REPORT_SECONDS", 0.0)
    listener = Listener()
    weights.fetch("vgg16", listener)
    shares = [event["share"] for event in listener.events]
    assert shares == pytest.approx([0.0, *(0.95 * (piece + 1) / 32 for piece in range(32)), 0.95])
    assert [listener.events[place]["note"] for place in (1, 16, 32)] == [
        "VGG16: 32.8 kB of 1.05 MB",
        "VGG16: 524 kB of 1.05 MB",
        "VGG16: 1.05 MB of 1.05 MB",
    ]


def test_a_missing_page_is_told(server: Server) -> None:
    server.status = 404
    with pytest.raises(WeightsUnavailable, match="the server answered 404"):
        weights.fetch("vgg16")


WITHOUT = "Frame8 and EfficientNet-Lite0 come with the app and work without a network."


def test_without_a_connection_all_that_works_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
    monkeypatch.setenv(weights.ADDRESS, f"http://127.0.0.1:{port}")  # where nobody listens any more
    with pytest.raises(WeightsUnavailable) as refused:
        weights.fetch("vgg16")
    assert str(refused.value) == (
        "The weights of VGG16 could not be downloaded: 127.0.0.1 cannot be reached; "
        f"there may be no network here. {WITHOUT}"
    )
    monkeypatch.setattr(weights, "available", lambda name: name == "frame8")  # the package is not installed
    with pytest.raises(WeightsUnavailable, match=r" Frame8 comes with the app and works without a network\.$"):
        weights.fetch("vgg16")


def test_the_setting_for_the_address_names_the_folder_of_all_files(server: Server, monkeypatch) -> None:
    spec = registry.BACKBONES["vgg16"]
    folder = spec.weights_url.rpartition("/")[0]
    monkeypatch.setitem(registry.BACKBONES, "vgg16", replace(spec, weights_url="https://example.org/some/vgg16.h5"))
    for given in (folder, f"{folder}/", f" {folder}/ "):
        monkeypatch.setenv(weights.ADDRESS, given)
        assert weights.address(registry.BACKBONES["vgg16"]) == f"{folder}/vgg16.h5"
    assert weights.fetch("vgg16").read_bytes() == CONTENT
    for nothing in ("", " "):
        monkeypatch.setenv(weights.ADDRESS, nothing)
        assert weights.address(registry.BACKBONES["vgg16"]) == "https://example.org/some/vgg16.h5"


@pytest.mark.parametrize(
    "wrong",
    ["file:///etc", "ftp://example.org/", "example.org", "https://", "https://example.org:port/", "https://[::1/",
     "https://example.org/weights?name=", "https://example.org/#weights", "https://example.org/my weights"],
)  # fmt: skip
def test_a_setting_that_is_no_address_is_refused_and_needs_not_be_right_for_a_file_that_is_here(
    server: Server, monkeypatch, wrong: str
) -> None:
    monkeypatch.setenv(weights.ADDRESS, wrong)
    with pytest.raises(WeightsUnavailable) as refused:
        weights.fetch("mobilenetv2")
    assert str(refused.value) == (
        f"Expected {weights.ADDRESS} to be the address of a folder, such as https://mirror.example.org/weights/. "
        f"Received another text; whoever started the app can change it. {WITHOUT}"
    )
    file = weights.path(registry.BACKBONES["mobilenetv2"])
    file.write_bytes(CONTENT)
    assert weights.fetch("mobilenetv2", check=any_file) == weights.local("mobilenetv2") == file


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, futures: list[Future[Any]], seconds: float) -> Any:
        self.now += seconds
        return wait(futures, 0.0)


def test_a_name_that_is_not_looked_up_does_not_keep_anybody_waiting(server: Server, monkeypatch) -> None:
    """Where no network is, looking up a name can take half a minute."""
    free, asked, clock = threading.Event(), queue.SimpleQueue[str](), Clock()

    def never(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.put(host)
        assert free.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(retrieval, "time", clock)
    monkeypatch.setattr(retrieval, "wait", clock.wait)
    with pytest.raises(WeightsUnavailable, match=r"127.0.0.1 does not answer; there may be no network here\. Frame8"):
        weights.fetch("vgg16")
    assert 2 < clock.now < 3  # beside them stand the start of the job and the page's next look, a second each
    impatient = Listener()
    impatient.asked = True
    with pytest.raises(Cancelled):  # nor does it keep a cancel waiting
        weights.fetch("vgg16", impatient)
    assert [asked.get(timeout=60), asked.get(timeout=60)] == ["127.0.0.1"] * 2
    assert clock.now < 3.5 and not free.is_set()
    free.set()


def test_a_server_that_accepts_and_never_answers_is_given_up(server: Server, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(retrieval, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(weights.ADDRESS, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(
            WeightsUnavailable, match=r"127.0.0.1 does not answer; there may be no network here\. Frame8"
        ):
            weights.fetch("vgg16")
        silent.settimeout(10)
        connection = silent.accept()[0]
        assert connection.recv(1 << 12).startswith(b"GET /vgg16.h5 ")
        with connection:  # an answer that comes too late is not read: the connection is closed
            connection.settimeout(10)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            assert connection.recv(1) == b""
    assert left(tmp_path) == set()


def test_a_slow_connection_may_take_longer_than_an_answer(server: Server, monkeypatch) -> None:
    monkeypatch.setattr(retrieval, "ANSWER_SECONDS", 2.0)
    server.before = 2.2
    assert weights.fetch("vgg16").read_bytes() == CONTENT


def test_a_server_that_falls_silent_in_the_middle_is_given_up(server: Server, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(retrieval, "SILENCE_SECONDS", 1.0)
    over = threading.Event()
    server.middle = lambda: over.wait(60)
    with pytest.raises(WeightsUnavailable, match="broke off; nothing was kept"):
        weights.fetch("vgg16")
    assert left(tmp_path) == set() and not over.is_set()
    over.set()


JOB = """
import sys
from dataclasses import replace
from models.backbones import registry, weights
from models.jobs.job import function
from models.storage.progress import SILENT

url, known = sys.argv[1:]
registry.BACKBONES["vgg16"] = replace(registry.BACKBONES["vgg16"], weights_url=url, weights_hash=known)
function(weights.WEIGHTS.work)(weights.WeightsSpec("vgg16"), SILENT, None)
assert not {"keras", "tensorflow"} & set(sys.modules)  # they take seconds, in which nobody would hear of a network
"""


def test_who_is_killed_in_the_middle_keeps_nobody_from_a_clean_restart(server: Server, tmp_path: Path) -> None:
    reached, over = threading.Event(), threading.Event()
    server.middle = lambda: (reached.set(), over.wait(60))
    command = [sys.executable, "-c", JOB, registry.BACKBONES["vgg16"].weights_url, MD5]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as killed:
        assert reached.wait(60) and killed.poll() is None
        killed.kill()
    over.set()
    assert not weights.available("vgg16") and left(tmp_path) == {"arriving-vgg16"}
    server.middle = lambda: None
    subprocess.run(command, cwd=Path(__file__).parents[3], check=True, timeout=60)
    assert weights.local("vgg16").read_bytes() == CONTENT and server.requests == 2
    assert left(tmp_path) == {"vgg16.h5"}


def test_what_is_not_here_is_told() -> None:
    with pytest.raises(WeightsUnavailable, match=r"ResNet50 V2 \(94.7 MB\) are not on this machine"):
        weights.local("resnet50v2")


def test_the_side_of_a_training_is_that_of_the_file() -> None:
    """Keras writes it into the names of two of them; all other files are of 224 px, Frame8's of Tiny ImageNet's 64."""
    sides = {name: spec.trained_side for name, spec in registry.BACKBONES.items()}
    assert (sides.pop("frame8"), sides.pop("mobilenetv2")) == (64, 96) and set(sides.values()) == {224}
    for name, part in (("mobilenetv2", "_1.0_96_no_top"), ("mobilenetv3small", "_224_1.0_float_no_top")):
        assert part in registry.BACKBONES[name].weights_url


def test_of_every_other_side_that_is_offered_there_is_a_sentence() -> None:
    said = {(name, side): spec.at(side) for name, spec in registry.BACKBONES.items() for side in spec.sides}
    assert {key for key, sentence in said.items() if not sentence} == {
        (name, {"frame8": 64, "mobilenetv2": 96}.get(name, 224)) for name in registry.BACKBONES
    }
    assert said["lite0", 128] == (
        "At 128 px the pretrained weights work too; objects look smaller than in their training at 224 px."
    )
    assert said["mobilenetv2", 160] == (
        "At 160 px the pretrained weights work too; objects look larger than in their training at 96 px."
    )

"""Every downloadable backbone the way a visitor gets it: the job fetches its file, and the network of it is built.

The files are true to name, shape and size and come from a server on this machine, which the setting for the address
names; nothing else of the way is replaced.
"""

import functools
import hashlib
import http.server
import io
import queue
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import keras
import numpy as np
import pytest

from models.backbones import retrieval, weights
from models.backbones.registry import BACKBONES, BackboneSpec
from models.backbones.weights import WEIGHTS, WeightsSpec
from models.backbones.worker import build
from models.jobs import execute
from models.storage import runs
from models.training.spec import TRAINING, TrainingSpec
from tests.few_digits import few_digits
from tests.models.backbones import published

DOWNLOADED = [name for name, spec in BACKBONES.items() if not spec.shipped]
TRAINED = "mobilenetv2"  # takes least of the seven, 3 to 5 processor seconds
WITHOUT = " Frame8 and EfficientNet-Lite0 come with the app and work without a network."
CONTENT = bytes(range(256)) * 1000  # of a file that is known by its hash


class Server:
    """A server on this machine: the folder of what it has, what it was asked, what happens when half was sent."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.requests = folder, list[str]()
        self.middle: Callable[[], object] = bool
        self.cut = False  # the connection, at the half


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that the setting names, and a home folder apart; nothing large is left behind."""
    state, home = Server(tmp_path / "served"), tmp_path / "home"
    state.folder.mkdir()
    home.mkdir()
    monkeypatch.setenv("FREEZEFRAME_HOME", str(home))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            state.requests.append(self.path)

        def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:
            half = io.BytesIO(source.read(Path(source.name).stat().st_size // 2))
            super().copyfile(half, outputfile)
            state.middle()
            if not state.cut:
                super().copyfile(source, outputfile)

    handler = functools.partial(Handler, directory=state.folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None  # who cancels hangs up
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv(weights.ADDRESS, f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("NO_PROXY", "*")
        yield state
        server.shutdown()
        thread.join()
    for file in tmp_path.rglob("*.h5"):
        file.unlink()


def file_name(name: str) -> str:
    """The name that Keras gives the file of a backbone."""
    return Path(urlsplit(BACKBONES[name].weights_url).path).name


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Path, keras.Model]]]:
    """Files as they are published, and the network of each; for those that several tests need."""
    folder = tmp_path_factory.mktemp("published")

    @functools.cache
    def written(name: str) -> tuple[Path, keras.Model]:
        return folder / file_name(name), published.publish(name, folder / file_name(name))

    yield written
    shutil.rmtree(folder)


def holds_to(name: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `content` be what the published hash of a backbone is of, where Keras publishes one."""
    if BACKBONES[name].weights_hash is not None:
        assert BACKBONES[name].weights_hash.startswith("md5:")
        known = f"md5:{hashlib.md5(content).hexdigest()}"
        monkeypatch.setitem(BACKBONES, name, replace(BACKBONES[name], weights_hash=known))


def publish(
    name: str, folder: Path, small: Callable[[str], tuple[Path, keras.Model]], monkeypatch: pytest.MonkeyPatch
) -> tuple[BackboneSpec, keras.Model]:
    """Put a backbone's file into a folder; its hash is expected where Keras publishes one."""
    file = folder / file_name(name)
    if name in ("mobilenetv2", "mobilenetv3small"):
        original, network = small(name)
        shutil.copy(original, file)
    else:
        network = published.publish(name, file)
    holds_to(name, file.read_bytes(), monkeypatch)
    return BACKBONES[name], network


def left(home: Path) -> list[str]:
    """What lies in the folder of weights beside the lock, which holds nothing."""
    return [path.name for path in (home / "weights").iterdir() if path.suffix != ".lock"]


def downloaded(name: str) -> runs.Run:
    """The run of the job that a click on the button queues, after a worker carried it out."""
    spec = WeightsSpec(name)
    run = runs.create(WEIGHTS.kind, spec.to_json(), owner="somebody", title=spec.title)
    execute.execute(run.id)
    return run


@pytest.mark.parametrize("name", DOWNLOADED)
def test_what_is_downloaded_is_the_network_that_keras_computes(
    name: str, served: Server, small: Callable[[str], tuple[Path, keras.Model]], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, original = publish(name, served.folder, small, monkeypatch)
    assert not weights.available(name)
    run = downloaded(name)
    assert run.status.state == "done", run.status.message
    assert weights.available(name)
    assert weights.local(name).stat().st_size == pytest.approx(spec.weights_mb * 1e6, rel=0.05)
    shares = [event["share"] for event in run.events() if "share" in event]
    assert shares == sorted(shares) and run.events()[-1]["note"] == "Checking what arrived" and shares[-1] < 1
    network = build.build(name, side=(64, 96))
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 64, 96, 3)).astype(np.float32)
    expected = published.answers(original, name, pictures)
    assert expected.std() > 0.05
    np.testing.assert_allclose(network(pictures, training=False).numpy(), expected, atol=2e-5)
    if name == TRAINED:
        _becomes_a_trained_head(network)
    if name == "mobilenetv3small":
        _is_saved_and_read_again(network, pictures, served.folder)


def _becomes_a_trained_head(network: keras.Model) -> None:
    """Train a head on the weights that were just downloaded: the backbone in the run's network is theirs."""
    from models.networks.worker import opened

    spec = TrainingSpec(dataset="digits", backbone=TRAINED, side=64, epochs=2)
    run = runs.create(TRAINING.kind, spec.to_json(), owner="somebody", title="A run")
    with few_digits():
        assert execute.execute(run.id) == "done", run.status.message
        trained = opened.load(f"run:{run.id}").model
    kept = [layer for layer in network.layers if layer.weights]
    assert len(kept) > 10
    for layer in kept:
        for of_run, of_file in zip(trained.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True):
            np.testing.assert_array_equal(of_run, of_file)
    assert [event["epoch"] for event in run.events() if "epoch" in event] == [1, 2]


def _is_saved_and_read_again(network: keras.Model, pictures: np.ndarray, folder: Path) -> None:
    """The network with gates, and small: saved and read again, safely."""
    network.save(folder / "network.keras")
    read = keras.models.load_model(folder / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(read(pictures, training=False), network(pictures, training=False))


@pytest.fixture
def right(small: Callable[[str], tuple[Path, keras.Model]], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bytes]:
    """A file that counts as the weights of a backbone: of a hash they hold to any will do, without one it must load."""

    def content(name: str) -> bytes:
        if BACKBONES[name].weights_hash is None:
            return small(name)[0].read_bytes()
        holds_to(name, CONTENT, monkeypatch)
        return CONTENT

    return content


@pytest.mark.parametrize("wrong", ["another network", "a page of a captive portal", "half a file", "one other byte"])
@pytest.mark.parametrize("name", DOWNLOADED)
def test_what_is_not_the_published_file_is_refused(
    name: str, wrong: str, served: Server, small: Callable[[str], tuple[Path, keras.Model]], right, tmp_path: Path
) -> None:
    """The six that are known by a hash before anything is built; without one, half a file is, too."""
    content = right(name)
    if wrong == "one other byte" and name == "mobilenetv2":  # its shapes stay: the SHA-256 first seen is held to
        _was_here_once(name, content, served)
    arrives = {
        "another network": small("mobilenetv2" if name == "mobilenetv3small" else "mobilenetv3small")[0].read_bytes(),
        "a page of a captive portal": b"<html>Please log in</html>",
        "half a file": content[: len(content) // 2],
        "one other byte": content[:-1] + bytes([content[-1] ^ 1]),
    }
    (served.folder / file_name(name)).write_bytes(arrives[wrong])
    run = downloaded(name)
    assert run.status.state == "failed"
    assert run.status.message == (
        f"What arrived as the weights of {BACKBONES[name].title} is not what was expected, so it was removed. "
        f"Try again, or use another network connection.{WITHOUT}"
    )
    assert not weights.available(name)
    assert set(left(tmp_path / "home")) <= {f"{file_name(name)}.json"}  # the record of what was here once


def _was_here_once(name: str, content: bytes, served: Server) -> None:
    (served.folder / file_name(name)).write_bytes(content)
    assert downloaded(name).status.state == "done"
    weights.path(BACKBONES[name]).unlink()


@pytest.mark.parametrize("name", DOWNLOADED)
def test_what_is_cut_or_cancelled_in_the_middle_begins_anew(
    name: str, served: Server, right, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (served.folder / file_name(name)).write_bytes(right(name))
    served.cut = True
    run = downloaded(name)
    assert (run.status.state, run.status.message) == (
        "failed",
        f"The download of the weights of {BACKBONES[name].title} broke off; nothing was kept. Try again.{WITHOUT}",
    )
    assert left(tmp_path / "home") == []
    served.cut = False
    served.middle = lambda: [run.cancel() for run in runs.everything() if run.status.state == "running"]
    assert downloaded(name).status.state == "cancelled"
    assert left(tmp_path / "home") == [] and not weights.available(name)
    served.middle = bool
    assert downloaded(name).status.state == "done" and weights.available(name)
    assert served.requests == [f"/{file_name(name)}"] * 3
    assert sorted(left(tmp_path / "home")) == [file_name(name), f"{file_name(name)}.json"]


@pytest.mark.parametrize("name", DOWNLOADED)
def test_without_a_network_the_job_ends_while_the_name_is_still_looked_up(
    name: str, served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no network is, looking up a name can take half a minute."""
    monkeypatch.delenv(weights.ADDRESS)
    monkeypatch.setattr(retrieval, "ANSWER_SECONDS", 0.05)
    over, asked = threading.Event(), queue.SimpleQueue[str]()

    def never(host: str, *_: object, **__: object) -> list[object]:
        asked.put(host)
        assert over.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", never)
    run = downloaded(name)
    assert asked.get(timeout=60) == "storage.googleapis.com" and asked.empty() and not over.is_set()
    over.set()
    assert (run.status.state, run.status.message) == (
        "failed",
        f"The weights of {BACKBONES[name].title} could not be downloaded: storage.googleapis.com does not answer; "
        f"there may be no network here.{WITHOUT}",
    )
    assert left(tmp_path / "home") == [] and served.requests == []


def test_a_file_that_somebody_laid_there_is_checked_and_taken(
    served: Server,
    small: Callable[[str], tuple[Path, keras.Model]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """By the job, and by whoever builds the network; nothing is asked for, so that it works without a network."""
    folder = tmp_path / "home" / "weights"
    folder.mkdir()
    spec, original = publish("mobilenetv2", folder, small, monkeypatch)
    file = weights.path(spec)
    assert file.exists() and weights.unchecked("mobilenetv2") and not weights.available("mobilenetv2")
    kernel = build.build("mobilenetv2").get_layer("Conv1").get_weights()[0]
    np.testing.assert_array_equal(kernel, original.get_layer("Conv1").get_weights()[0])
    assert weights.available("mobilenetv2") and not weights.unchecked("mobilenetv2")
    file.with_name(f"{file.name}.json").unlink()
    assert downloaded("mobilenetv2").status.state == "done"
    assert weights.available("mobilenetv2") and not served.requests

"""Every downloadable backbone the way a visitor gets it: the job fetches its file, and the network of it is built.

The files are true to name, shape and size and come from a server on this machine, which the setting for the address
names; nothing else of the way is replaced.
"""

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import keras
import numpy as np
import pytest

from models.backbones import weights
from models.backbones.registry import BACKBONES, BackboneSpec
from models.backbones.weights import WEIGHTS, WeightsSpec
from models.backbones.worker import build
from models.jobs import execute
from models.storage import runs
from models.training.spec import TRAINING, TrainingSpec
from tests.few_digits import few_digits
from tests.models.backbones import published

DOWNLOADED = [name for name, spec in BACKBONES.items() if not spec.shipped]


@pytest.fixture
def requests() -> list[str]:
    """The paths that the server was asked for."""
    return []


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: list[str]) -> Iterator[Path]:
    """The folder of a server on this machine, and a home folder apart; nothing large is left behind."""
    folder, home = tmp_path / "served", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    monkeypatch.setenv("FREEZEFRAME_HOME", str(home))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            requests.append(self.path)

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv(weights.ADDRESS, f"http://127.0.0.1:{server.server_port}/")
        yield folder
        server.shutdown()
        thread.join()
    for file in tmp_path.rglob("*.h5"):
        file.unlink()


def publish(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BackboneSpec, keras.Model]:
    """Put a backbone's file on the server; its hash is expected where Keras publishes one."""
    file = folder / Path(urlsplit(BACKBONES[name].weights_url).path).name
    network = published.publish(name, file)
    if BACKBONES[name].weights_hash is not None:
        assert BACKBONES[name].weights_hash.startswith("md5:")
        known = f"md5:{hashlib.md5(file.read_bytes()).hexdigest()}"
        monkeypatch.setitem(BACKBONES, name, replace(BACKBONES[name], weights_hash=known))
    return BACKBONES[name], network


def downloaded(name: str) -> runs.Run:
    """The run of the job that a click on the button queues, after a worker carried it out."""
    spec = WeightsSpec(name)
    run = runs.create(WEIGHTS.kind, spec.to_json(), owner="somebody", title=spec.title)
    execute.execute(run.id)
    return run


@pytest.mark.parametrize("name", DOWNLOADED)
def test_what_is_downloaded_is_the_network_that_keras_computes(
    name: str, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, original = publish(name, served, monkeypatch)
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
    if name == "mobilenetv2":
        _becomes_a_trained_head(network)
    if name == "mobilenetv3small":
        _is_saved_and_read_again(network, pictures, served)


def _becomes_a_trained_head(network: keras.Model) -> None:
    """Train a head on the weights that were just downloaded: the backbone in the run's network is theirs."""
    from models.networks.worker import opened

    spec = TrainingSpec(dataset="digits", backbone="mobilenetv2", side=64, epochs=2)
    run = runs.create(TRAINING.kind, spec.to_json(), owner="somebody", title="A run")
    with few_digits():
        assert execute.execute(run.id) == "done", run.status.message
        trained = opened.load(f"run:{run.id}").model
    kernel = network.get_layer("block_16_project").get_weights()[0]
    np.testing.assert_array_equal(trained.get_layer("block_16_project").get_weights()[0], kernel)
    assert [event["epoch"] for event in run.events() if "epoch" in event] == [1, 2]


def _is_saved_and_read_again(network: keras.Model, pictures: np.ndarray, folder: Path) -> None:
    """The network with gates, and small: saved and read again, safely."""
    network.save(folder / "network.keras")
    read = keras.models.load_model(folder / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(read(pictures, training=False), network(pictures, training=False))


@pytest.mark.parametrize("wrong", ["another network", "a page of a captive portal", "half a file"])
def test_another_file_in_place_of_mobilenetv2s_is_refused(
    wrong: str, served: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = served / Path(urlsplit(BACKBONES["mobilenetv2"].weights_url).path).name
    if wrong == "a page of a captive portal":
        file.write_bytes(b"<html>Please log in</html>")
    else:
        published.publish("mobilenetv3small" if wrong == "another network" else "mobilenetv2", file)
    if wrong == "half a file":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    run = downloaded("mobilenetv2")
    assert run.status.state == "failed" and "is not what was expected, so it was removed" in run.status.message
    assert not weights.available("mobilenetv2")
    assert [path.name for path in (tmp_path / "home" / "weights").iterdir()] == [f"{file.name}.lock"]


@pytest.mark.parametrize("name", [name for name in DOWNLOADED if BACKBONES[name].weights_hash])
def test_what_has_another_hash_than_the_published_one_is_refused(name: str, served: Path, tmp_path: Path) -> None:
    """Half a file and the file of another architecture are such, too; all are refused before anything is built."""
    file = served / Path(urlsplit(BACKBONES[name].weights_url).path).name
    file.write_bytes(b"weights of something else" * 1000)
    run = downloaded(name)
    assert run.status.state == "failed" and "is not what was expected, so it was removed" in run.status.message
    assert run.status.message.endswith("Frame8 and EfficientNet-Lite0 come with the app and work without a network.")
    assert not weights.available(name)
    assert [path.name for path in (tmp_path / "home" / "weights").iterdir()] == [f"{file.name}.lock"]


def test_a_file_that_somebody_laid_there_is_checked_and_taken(
    served: Path, requests: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the job, and by whoever builds the network; nothing is asked for, so that it works without a network."""
    folder = tmp_path / "home" / "weights"
    folder.mkdir()
    spec, original = publish("mobilenetv2", folder, monkeypatch)
    file = weights.path(spec)
    assert file.exists() and weights.unchecked("mobilenetv2") and not weights.available("mobilenetv2")
    kernel = build.build("mobilenetv2").get_layer("Conv1").get_weights()[0]
    np.testing.assert_array_equal(kernel, original.get_layer("Conv1").get_weights()[0])
    assert weights.available("mobilenetv2") and not weights.unchecked("mobilenetv2")
    file.with_name(f"{file.name}.json").unlink()
    assert downloaded("mobilenetv2").status.state == "done"
    assert weights.available("mobilenetv2") and not requests

"""Scripts go out compressed, once for all visitors, and are what they were when they are unpacked."""

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route

from dashboard.app import app as real_app
from dashboard.frame.compression import CompressedOnce

SCRIPT = b"export const layers = ['conv1', 'conv2'];\n" * 500
FOREVER = {"cache-control": "public, immutable, max-age=31536000", "etag": '"1"'}


def finish(work):
    """Await `work` in a thread: this one may have an event loop that Playwright left running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass
class Got:
    """What came back."""

    headers: Headers
    body: bytes

    @property
    def text(self) -> bytes:
        return gzip.decompress(self.body) if "content-encoding" in self.headers else self.body


class Site:
    """A site of few files that counts how often each is read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.app = CompressedOnce(Starlette(routes=[Route("/{path:path}", self.answer)]))

    async def answer(self, request):
        path = request.path_params["path"]
        self.read.append(path)
        await asyncio.sleep(0.01)  # long enough for a second visitor to come in between
        if path == "static/font.woff2":
            return Response(SCRIPT, media_type="font/woff2", headers=FOREVER)
        if path == "static/gone.js":
            return Response(SCRIPT, 404, media_type="text/plain", headers=FOREVER)
        if path == "static/short.js":
            return Response(b"1;", media_type="application/javascript", headers=FOREVER)
        fresh = {"cache-control": "no-cache"}
        return Response(SCRIPT, media_type="application/javascript", headers=FOREVER if "app" in path else fresh)

    async def visit(self, path, **headers) -> Got:
        sent = []

        async def send(message):
            sent.append(message)

        asked = {"accept-encoding": "gzip, br", **headers}
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
        scope = {"type": "http", "method": "GET", "path": path, "headers": raw, "query_string": b""}
        await self.app(scope, None, send)
        return Got(Headers(raw=sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent))

    def get(self, path, **headers) -> Got:
        return finish(self.visit(path, **headers))


def test_a_script_is_compressed_once_and_unpacks_to_itself():
    site = Site()
    answers = [site.get("/static/app.js") for _ in range(3)]
    assert site.read == ["static/app.js"]
    for answer in answers:
        assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) < len(SCRIPT) / 10 and "etag" not in answer.headers
        assert answer.headers["cache-control"] == FOREVER["cache-control"]
        assert answer.text == SCRIPT


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/app.js", {"accept-encoding": "identity"}),
        ("/static/app.js", {"range": "bytes=0-9"}),
        ("/static/app.js", {"if-none-match": '"1"'}),
        ("/static/font.woff2", {}),  # compressed already
        ("/static/gone.js", {}),
        ("/static/short.js", {}),
        ("/static/other.js", {}),  # may change
        ("/media/app.js", {}),
    ],
)
def test_what_is_left_as_it_is(path, headers):
    site = Site()
    for _ in range(2):
        answer = site.get(path, **headers)
        assert "content-encoding" not in answer.headers
        assert answer.body == (b"1;" if "short" in path else SCRIPT)
    assert len(site.read) == 2


def test_forty_visitors_at_once_have_it_compressed_once():
    site = Site()

    async def crowd() -> list[Got]:
        return await asyncio.gather(*(site.visit("/static/app.js") for _ in range(40)))

    assert [got.text for got in finish(crowd())] == [SCRIPT] * 40
    assert site.read == ["static/app.js"]


def test_the_server_has_it():
    assert CompressedOnce in [middleware.cls for middleware in real_app._user_middleware]
    assert real_app.script_path.name == "main.py"

"""Compressed answers: what the browser loads once, its scripts and styles, goes out as gzip.

Streamlit leaves them as they are, because Starlette would compress them anew for every visitor. They never change while
the server runs, so that they are compressed once here and kept: 5 MB when every one of them was asked for.
"""

from __future__ import annotations

import asyncio
import gzip
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVEL: Final = 6  # level 9 takes three times as long and saves one part in three hundred
SMALLEST: Final = 1_000  # bytes: less than that fits into one packet anyway
WORTHWHILE: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")


class CompressedOnce:
    """An ASGI middleware: answers below `/static/` that never change are compressed the first time and kept.

    It leaves alone every other answer, and every request that takes no gzip or asks for a part of a file.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self.busy: dict[str, asyncio.Lock] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _may_compress(scope):
            await self.app(scope, receive, send)
            return
        path = str(scope["path"])
        async with self.busy.setdefault(path, asyncio.Lock()):  # forty visitors at once: one compresses for all
            if path not in self.kept:
                answer = _Answer()
                await self.app({**scope, "extensions": {}}, receive, answer.take)  # the body itself, not its path
                if answer.worthwhile:
                    self.kept[path] = await asyncio.to_thread(answer.compressed)
            self.busy.pop(path, None)
        if path in self.kept:
            headers, body = self.kept[path]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await answer.pass_on(send)


def _may_compress(scope: Scope) -> bool:
    """Return whether this is a whole request for one of Streamlit's files by a browser that takes gzip."""
    if scope["type"] != "http" or scope["method"] != "GET" or "/static/" not in scope["path"]:
        return False
    headers = Headers(scope=scope)
    return "gzip" in headers.get("accept-encoding", "") and not {"range", "if-none-match", "if-modified-since"} & {
        *headers.keys()
    }


class _Answer:
    """What the app answers, held back until it is whole."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.parts: list[bytes] = []

    async def take(self, message: Message) -> None:
        """Hold back one message."""
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))

    @property
    def worthwhile(self) -> bool:
        """Whether it is a file that never changes, is text, and is large enough."""
        headers = Headers(raw=self.start["headers"])
        return (
            self.start["status"] == 200
            and "immutable" in headers.get("cache-control", "")
            and "content-encoding" not in headers
            and headers.get("content-type", "").startswith(WORTHWHILE)
            and sum(map(len, self.parts)) >= SMALLEST
        )

    def compressed(self) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Return headers and body as they go out."""
        body = gzip.compress(b"".join(self.parts), LEVEL, mtime=0)
        headers = MutableHeaders(raw=list(self.start["headers"]))
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        headers.add_vary_header("Accept-Encoding")
        for name in ("etag", "last-modified"):  # they name the file as it was
            if name in headers:
                del headers[name]
        return headers.raw, body

    async def pass_on(self, send: Send) -> None:
        """Send it as it came."""
        await send(self.start)
        await send({"type": "http.response.body", "body": b"".join(self.parts)})

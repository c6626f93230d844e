"""The fonts: two that hold what the app shows, sent in place of two of Streamlit's that are nine times as large.

Made by `python -m dashboard.record_fonts`. A font of another Streamlit has another name and goes out as it is. What the
smaller font lacks, such as the letters of a class with a Cyrillic name, is drawn in the browser's own font.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER: Final = Path(__file__).resolve().parents[2] / "assets" / "fonts"
_FOR_EVER: Final = {"cache-control": "public, immutable, max-age=31536000"}  # as Streamlit says it of its own


class SmallerFonts:
    """An ASGI middleware: a font that lies in `assets/fonts` under the name that is asked for is sent from there.

    Args:
        app: What answers everything else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.fonts = {path.name: path for path in FOLDER.glob("*.woff2")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = str(scope.get("path", "")) if scope["type"] == "http" and scope["method"] == "GET" else ""
        font = self.fonts.get(path.rsplit("/", 1)[-1]) if "/static/media/" in path else None
        if font is None:
            await self.app(scope, receive, send)
            return
        body = await asyncio.to_thread(font.read_bytes)
        await Response(body, media_type="font/woff2", headers=_FOR_EVER)(scope, receive, send)

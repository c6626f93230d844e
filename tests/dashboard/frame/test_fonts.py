"""The fonts that go out: they have every icon and every sign of the app, and only Streamlit's own are replaced."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import record_fonts
from dashboard.frame.fonts import FOLDER, SmallerFonts

NOT_IN_THE_FONT = {"icon_name", "star_filled"}  # named in a docstring, and in vain: not in the whole font either


def ask(path):
    """Return what the middleware answers to one request: headers and body; None where it passes the request on."""
    sent = []

    async def other(scope, receive, send):
        sent.append(None)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    with ThreadPoolExecutor(1) as pool:  # this thread may have an event loop that Playwright left running
        pool.submit(asyncio.run, SmallerFonts(other)(scope, None, send)).result()
    return None if sent == [None] else (dict(sent[0]["headers"]), sent[1]["body"])


def test_the_fonts_have_every_icon_and_sign_of_the_app_and_are_those_of_this_streamlit():
    assert record_fonts.used() - set(record_fonts.NAMES.read_text().split()) == NOT_IN_THE_FONT
    assert record_fonts.written() <= set(record_fonts.LETTERS.read_text("utf-8"))
    assert {path.name for path in FOLDER.glob("*.woff2")} == {record_fonts.icons().name, record_fonts.text().name}


@pytest.mark.parametrize(("font", "times"), [(record_fonts.icons, 5), (record_fonts.text, 3)])
def test_the_small_font_goes_out_in_place_of_the_large_one(font, times):
    headers, body = ask(f"/static/media/{font().name}")
    assert body == (FOLDER / font().name).read_bytes() and body.startswith(b"wOF2")
    assert len(body) < font().stat().st_size / times
    assert headers[b"content-type"] == b"font/woff2" and b"immutable" in headers[b"cache-control"]


def test_everything_else_is_passed_on():
    assert ask("/static/media/SourceSansVF-Italic.woff2") is None
    assert ask("/static/media/../fonts/names.txt") is None
    assert ask(f"/media/{record_fonts.icons().name}") is None

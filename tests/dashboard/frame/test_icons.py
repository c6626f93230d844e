"""The font of icons that goes out: it has every icon that is named anywhere, and only Streamlit's own is replaced."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from dashboard import record_icons
from dashboard.frame.icons import FOLDER, FewerIcons

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
        pool.submit(asyncio.run, FewerIcons(other)(scope, None, send)).result()
    return None if sent == [None] else (dict(sent[0]["headers"]), sent[1]["body"])


def test_the_font_has_every_icon_of_the_app_and_of_this_streamlit():
    assert record_icons.used() - set(record_icons.NAMES.read_text().split()) == NOT_IN_THE_FONT
    assert [path.name for path in FOLDER.glob("*.woff2")] == [record_icons.font().name]


def test_the_small_font_goes_out_in_place_of_the_large_one():
    headers, body = ask(f"/static/media/{record_icons.font().name}")
    assert body == (FOLDER / record_icons.font().name).read_bytes() and body.startswith(b"wOF2")
    assert len(body) < record_icons.font().stat().st_size / 5
    assert headers[b"content-type"] == b"font/woff2" and b"immutable" in headers[b"cache-control"]


def test_everything_else_is_passed_on():
    assert ask("/static/media/SourceSansVF-Upright.woff2") is None
    assert ask("/static/media/../icons/names.txt") is None
    assert ask(f"/media/{record_icons.font().name}") is None

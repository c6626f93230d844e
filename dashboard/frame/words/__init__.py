"""The words of the app: a glossary on every page, and a search over pages, words and runs.

    terms                          the glossary
    pictures                       its pictures
    button.html, .css, .js         the button of the search, which fetches the rest once the page is drawn
    words.html, words.css          cards and search as the browser draws them
    words.js, search.js            how words are marked and explained; the search

The server sends the script at `SCRIPT` and what the terms mean at `TEXTS`: once to every browser, and the second when
somebody asks. Pages are searched by title and sentence, runs are those of the visitor and the shipped ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard import state
from dashboard.frame.words.terms import Term, terms
from dashboard.labels import SHIPPED_RUNS, plain_label
from dashboard.pages import HOME, PAGES
from models.jobs.job import Job
from models.som.film import SOM
from models.storage import runs
from models.sweeps.spec import SWEEP
from models.training.spec import TRAINING
from models.transferability.slice import SLICE

SCRIPT: Final = "words.js"
TEXTS: Final = "words.json"
_KEY: Final = "ff_words"
_RUNS: Final = "ff_words_runs"  # whether the search has asked for the runs
_LEAVE: Final = "ff_words_leave"  # where the visitor wants to go: page, and the address of its widgets
_FOLDER: Final = Path(__file__).parent
_FOR_EVER: Final = {"cache-control": "public, immutable, max-age=31536000"}  # the address names the version
_MOST_RUNS: Final = 100
# Where a run of each kind is shown, and what the search says of it.
_SHOWN_ON: Final[dict[str, tuple[Job[Any, Any], str, str, str]]] = {
    TRAINING.kind: (TRAINING, "train", "", "Training"),
    SOM.kind: (SOM, "som", "Watch", "Self-organising map"),
    SWEEP.kind: (SWEEP, "sweeps", "", "Sweep"),
    SLICE.kind: (SLICE, "general", "Live on digits", "Live slice"),
}


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


_button = st.components.v2.component(
    "freezeframe_words", html=_read("button.html"), css=_read("button.css"), js=_read("button.js")
)


def _views() -> list[tuple[str, str, str, str]]:
    """Return every page and view: page, view, title, sentence; the view that opens first is the page itself."""
    found = []
    for page in PAGES.values():
        found.append((page.name, "", page.title, page.sentence))
        found += [(page.name, view, f"{page.title}: {view}", page.sentence) for view in page.views[1:]]
    return found


def _link(page: str, address: Mapping[str, str]) -> str:
    path = "" if page == HOME else page
    return f"{path}?{urlencode(address)}" if address else path or "."


@lru_cache(1)
def texts() -> str:
    """Return what the terms mean, as JSON: text, picture and the link that shows it, by name."""
    return json.dumps(
        {
            name: {"text": term.text, "picture": term.picture, "show": _link(term.page, term.address)}
            for name, term in terms().items()
        },
        ensure_ascii=False,
    )


@lru_cache(1)
def script() -> str:
    """Return the script of cards and search, with the words and pages that it looks for."""
    words = [(term.name, term.forms, term.pages) for term in terms().values()]
    index = {"words": words, "pages": _views(), "texts": f"{TEXTS}?v={_version(texts())}"}
    parts = {"STYLE": _read("words.css"), "HTML": _read("words.html"), "INDEX": index}
    heads = [f"const {name} = {json.dumps(part, ensure_ascii=False)};" for name, part in parts.items()]
    return "\n".join([*heads, _read("words.js"), _read("search.js")])


@lru_cache(8)
def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _answer(request: Request) -> Response:
    if request.url.path.endswith(TEXTS):
        return Response(texts(), media_type="application/json", headers=_FOR_EVER)
    return Response(script(), media_type="text/javascript", headers=_FOR_EVER)


ROUTES: Final = [Route(f"/{name}", _answer) for name in (SCRIPT, TEXTS)]


def _found_runs() -> list[tuple[str, str, str]]:
    """Return the visitor's runs, newest first, and the shipped ones: id, title, kind and state."""
    mine = [run for run in runs.listing(state.selection().owner) if run.kind in _SHOWN_ON][:_MOST_RUNS]
    listed = [(run.id, plain_label(run.title), _SHOWN_ON[run.kind][3]) for run in mine]
    return [*listed, *((run.id, SHIPPED_RUNS[run.id], "Training") for run in state.shipped())]


def _go() -> None:
    """Remember where the visitor wants to go, if it is a place of this app."""
    sent = getattr(st.session_state.get(_KEY), "go", None)
    if not isinstance(sent, Mapping):
        return
    term, run, page = (str(sent.get(name) or "") for name in ("term", "run", "page"))
    target: tuple[str, dict[str, str]] | None = None
    if term in terms():
        target = _target_of(terms()[term])
    elif run:
        target = _shown(run)
    elif page in PAGES:
        view = str(sent.get("view") or "")
        target = page, {f"{page}_view": view} if view in PAGES[page].views else {}
    if target is not None:
        for key, value in target[1].items():
            st.session_state[key] = value
        state.put(_LEAVE, target)


def _target_of(term: Term) -> tuple[str, dict[str, str]]:
    first = PAGES[term.page].views[:1]
    return term.page, {**({f"{term.page}_view": first[0]} if first else {}), **term.address}


def _shown(run_id: str) -> tuple[str, dict[str, str]] | None:
    """Choose a run of the visitor's, or a shipped one, and return where it is shown; None for others."""
    mine = [run for run in runs.listing(state.selection().owner) if run.kind in _SHOWN_ON]
    found = {run.id: run for run in [*mine, *state.shipped()]}.get(run_id)
    if found is None:
        return None
    job, page, view, _ = _SHOWN_ON[found.kind]
    if job is TRAINING:
        state.choose(run=found.id)
    else:
        state.show(job, found.id)
    return page, {f"{page}_view": view} if view else {}


@st.fragment
def draw(page: str) -> None:
    """Draw the button of the search; words of the page `page` are explained from now on."""
    if (target := state.get(_LEAVE)) is not None:
        state.put(_LEAVE, None)
        if target[0] == page:
            st.rerun()
        state.go(*target)
    asked = state.get(_RUNS, False)
    state.put(_RUNS, False)
    data = {"source": f"{SCRIPT}?v={_version(script())}", "page": page, "runs": _found_runs() if asked else None}
    with st.container(key="words", width="content"):
        _button(
            key=_KEY, data=data, on_go_change=_go, on_runs_change=lambda: state.put(_RUNS, True), height="content",
            width="content",
        )  # fmt: skip

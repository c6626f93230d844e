"""What a link names and the page cannot show: a sentence says so, and the address keeps it until the visitor chooses.

Streamlit takes a value that a widget does not accept out of the address without a word. Here the values of the link are
remembered when the visitor comes and compared with what the widgets show once they are drawn. This is the only module
that reaches into Streamlit's own record of bound widgets; the release is pinned in `requirements.txt`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.query_params import QueryParams, parse_url_param

from dashboard.labels import plain_label

_NAMED: Final = "ff_link"  # name -> values of the link that no widget has taken yet
_KEPT: Final = "ff_link_kept"  # name -> what is kept in the address although it is not shown
_LONGEST: Final = 200  # signs; nothing in a link is longer
_SAID: Final = 40  # signs of a value that a sentence repeats
_MOST_SAID: Final = 5  # values named one by one


@dataclass(frozen=True, slots=True)
class Unmet:
    """A value of the link that is not shown.

    Attributes:
        values: As they stand in the address.
        shown: What is shown instead, as it would stand in the address.
        sentence: What the link names and what is shown instead; "" where that is said elsewhere.
    """

    values: tuple[str, ...]
    shown: str
    sentence: str


def arrive(shared: tuple[str, ...]) -> None:
    """Remember what the link names, when a visitor comes; the names in `shared` are no widget's."""
    session = st.session_state
    session[_KEPT] = {}
    session[_NAMED] = {name: tuple(st.query_params.get_all(name)) for name in st.query_params if name not in shared}


def keep(name: str, value: str, shown: str, sentence: str) -> None:
    """Keep a shared choice of the link in the address while `shown` is chosen instead."""
    st.session_state[_KEPT][name] = Unmet((value,), shown, sentence)


def travelled() -> bool:
    """Return whether this run of the script was caused by the browser's Back or Forward: the address then decides."""
    context = get_script_run_ctx()
    return context is not None and bool(context.is_history_navigation)


def named(name: str) -> str:
    """Return what the address, which the browser went back or forward to, chooses for a shared choice."""
    unmet, value = st.session_state[_KEPT].get(name), str(st.query_params.get(name, ""))
    return str(unmet.shown) if unmet is not None and value == unmet.values[0] else value


def forget(name: str) -> None:
    """Let the address follow what is shown: the visitor has chosen."""
    st.session_state[_KEPT].pop(name, None)


def in_address(name: str, chosen: str) -> str:
    """Return what the address says of a shared choice: the link's value while nothing else was chosen."""
    unmet = st.session_state[_KEPT].get(name)
    if unmet is None:
        return chosen
    if unmet.shown != chosen:
        forget(name)
        return chosen
    return str(unmet.values[0])


def sentences() -> list[str]:
    """Return what is to be said of the link, a sentence for each of its first values that are not shown."""
    kept = [unmet for unmet in st.session_state[_KEPT].values() if unmet.sentence]
    said = [unmet.sentence for unmet in kept[:_MOST_SAID]]
    if len(kept) > _MOST_SAID:
        said.append(f"{len(kept) - _MOST_SAID} more of its values are not shown either.")
    return said


def quoted(value: str) -> str:
    """Return a value of the link, cut to what a sentence can hold."""
    return plain_label(value, _SAID)


@contextmanager
def compared(shared: tuple[str, ...]) -> Iterator[None]:
    """Draw a page inside this: its widgets get what they can read, and the address keeps what they cannot show."""
    _hold_back(shared)
    try:
        with _labels() as labels:
            yield
        _compare(labels)
    finally:
        _put_back(shared)


def _hold_back(shared: tuple[str, ...]) -> None:
    """Hide from the widgets what they cannot show, and forget what the visitor has changed since."""
    session = st.session_state
    for name, unmet in list(session[_KEPT].items()):
        if name not in shared and tuple(st.query_params.get_all(name)) != unmet.values:
            forget(name)
    for name, values in list(session[_NAMED].items()):
        if tuple(st.query_params.get_all(name)) != values:
            del session[_NAMED][name]
    hidden = [name for name in session[_KEPT] if name not in shared]
    hidden += [name for name, values in session[_NAMED].items() if any(map(_unreadable, values))]
    if not hidden:
        return
    with _record() as record:
        for name in hidden:
            record.discard_param_no_forward_msg(name)
        record.set_initial_query_params_from_current()


def _unreadable(value: str) -> bool:
    """Whether no widget can mean this: too long, infinite, or not a number."""
    try:
        return len(value) > _LONGEST or not math.isfinite(float(value))
    except ValueError:
        return False


@contextmanager
def _labels() -> Iterator[dict[str, str]]:
    """Gather what the widgets that are drawn meanwhile are called, by their ids; nothing while no link waits."""
    context, found = get_script_run_ctx(), dict[str, str]()
    if context is None or not st.session_state[_NAMED]:
        yield found
        return
    send = context._enqueue

    def listen(message: Any) -> None:
        element = message.delta.new_element
        drawn = getattr(element, element.WhichOneof("type") or "", None)
        if label := getattr(drawn, "label", ""):
            found[getattr(drawn, "id", "")] = label
        send(message)

    context._enqueue = listen
    try:
        yield found
    finally:
        context._enqueue = send


def _compare(labels: dict[str, str]) -> None:
    """Keep what the link names and a widget that was drawn does not show; what it does show is done with."""
    session = st.session_state
    with _record() as record:
        drawn = [name for name in session[_NAMED] if record.is_bound(name)]
    for name in drawn:
        values = session[_NAMED].pop(name)
        widget = _widget(name)
        if widget is None or not any(values) or _met(widget, values):
            continue
        shown = _as_text(widget, session[name])
        called = f"“{labels[widget.id]}”" if widget.id in labels else name
        sentence = f"This link names {quoted(', '.join(values))} for {called}. Shown: {shown or 'none'}."
        session[_KEPT][name] = Unmet(values, shown, sentence)


def _met(widget: Any, values: tuple[str, ...]) -> bool:
    """Whether a widget shows these values of the address as they are."""
    if any(map(_unreadable, values)):
        return False
    try:
        read = parse_url_param(list(values) if len(values) > 1 else values[0], widget.value_type)
        named = read if isinstance(read, list) else [read]
        options = widget.formatted_options
        if options is not None and any(isinstance(one, str) and one not in options for one in named):
            return False
        return bool(widget.serializer(widget.deserializer(read)) == read)
    except (ValueError, TypeError, IndexError, OverflowError):
        return False


def _as_text(widget: Any, value: Any) -> str:
    """Return a widget's value as it would stand in the address."""
    found = widget.serializer(value)
    texts = found if isinstance(found, list | tuple) else [found]
    return quoted(", ".join(str(one).removesuffix(".0") for one in texts if one is not None))


def _put_back(shared: tuple[str, ...]) -> None:
    """Let the address say what the link named, where it is not shown or no widget has read it."""
    session = st.session_state
    wanted = {name: unmet.values for name, unmet in session[_KEPT].items() if name not in shared}
    wanted |= {name: values for name, values in session[_NAMED].items() if any(map(_unreadable, values))}
    with _record() as record:
        for name, values in wanted.items():
            if tuple(st.query_params.get_all(name)) != values:
                record.set_corrected_value(name, list(values), "string_array_value")


def _record() -> Any:
    """Return Streamlit's record of the address and of the widgets bound to it, to be used in a `with`."""
    context = get_script_run_ctx()
    return _nothing() if context is None else context.session_state.query_params()


@contextmanager
def _nothing() -> Iterator[QueryParams]:
    yield QueryParams()


def _widget(name: str) -> Any:
    """Return what Streamlit knows of the widget that is bound to a name of the address; None if there is none."""
    context = get_script_run_ctx()
    with _record() as record:
        binding = record.get_binding_for_param(name)
    if context is None or binding is None:
        return None
    return context.session_state._state._new_widget_state.widget_metadata.get(binding.widget_id)

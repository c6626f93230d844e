"""Specs: dataclasses of numbers, texts and other specs, which go through JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Self, Union, cast, get_args, get_origin, get_type_hints

from models.errors import InputError


class PlainSpec:
    """What every spec can do; mix it into a frozen dataclass."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON types; `from_json` is its inverse."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(cast(Any, self))))
        return plain

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the spec that `to_json` wrote; fields that it left out have their defaults.

        Raises:
            InputError: A field is unknown, missing or of another type, or the spec refuses a value.
            RunNotFound: The spec names a run that is not there.
        """
        return cast(Self, _spec(cls, data))


def _spec(kind: Any, data: Any) -> Any:
    hints = _hints(kind)
    if not isinstance(data, Mapping) or (unknown := set(data) - set(hints)):
        received = sorted(map(str, unknown)) if isinstance(data, Mapping) else type(data).__name__
        raise InputError(f"Expected fields among {', '.join(sorted(hints))}. Received {received}.")
    needed = [field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING]
    if missing := [name for name in needed if name not in data]:
        raise InputError(f"Expected the fields {', '.join(needed)}. Received none of {', '.join(missing)}.")
    return kind(**{name: _value(name, hints[name], value) for name, value in data.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields, by name; Python works them out anew every time, which takes long."""
    return get_type_hints(kind)


def _value(name: str, hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        hint = next(option for option in get_args(hint) if option is not type(None))
    if is_dataclass(hint):
        return _spec(hint, value)
    if get_origin(hint) is tuple:
        if isinstance(value, list | tuple):
            return tuple(_value(name, get_args(hint)[0], item) for item in value)
    elif get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise InputError(f"Expected {name} to be one of {', '.join(get_args(hint))}. Received {value!r}.")
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is hint:
        return value
    raise InputError(f"Expected {name} to be of type {getattr(hint, '__name__', hint)}. Received {value!r}.")

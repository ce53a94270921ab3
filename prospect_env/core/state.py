"""`take`, `put` and `join`: the primitives that forking, branching and resetting are made of.

States, memories, views, chance and events are trees. How a leaf follows the match axis is read off its type:

* an array has the match axis first;
* a tuple holds one value a match;
* a dataclass or a dict is a branch, treated field by field;
* an integer stands for all matches at once, and becomes an array as soon as matches differ;
* everything else (None, text, whatever is `Shared`: games, policies) belongs to all matches and must be equal in a
  `put` and a `join`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Index = NDArray[np.integer[Any]]


class Shared:
    """Marks what belongs to all matches at once: `take` and `put` leave it as it is."""


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields, looked up once a class."""
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in fields(kind))
    return _NAMES[kind]


def _is_branch(x: Any) -> bool:
    return is_dataclass(x) and not isinstance(x, type | Shared)


def _rebuilt(x: Any, values: dict[str, Any]) -> Any:
    # Not dataclasses.replace: it would run __init__ and its checks once for every branch.
    new = object.__new__(type(x))
    for name, value in values.items():
        object.__setattr__(new, name, value)
    return new


def take(x: T, index: Index) -> T:
    """The matches `index` of `x`, in that order; a match may be taken more than once."""
    if isinstance(x, np.ndarray):
        return x[index]  # type: ignore[return-value]
    if isinstance(x, tuple):
        return tuple(x[i] for i in index)  # type: ignore[return-value]
    if isinstance(x, dict):
        return {key: take(value, index) for key, value in x.items()}  # type: ignore[return-value]
    if _is_branch(x):
        return _rebuilt(x, {name: take(getattr(x, name), index) for name in _names(type(x))})
    return x


def put(x: T, index: Index, y: T) -> T:
    """`x` with its matches `index` replaced by the matches of `y`; neither is changed.

    Raises `ValueError` or `TypeError` if the two do not have the same structure.
    """
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return _put_array(x, index, y)  # type: ignore[return-value]
    if isinstance(x, tuple) and isinstance(y, tuple):
        values = list(x)
        for i, value in zip(index, y, strict=True):
            values[i] = value
        return tuple(values)  # type: ignore[return-value]
    if isinstance(x, dict) and isinstance(y, dict):
        if x.keys() != y.keys():
            raise ValueError(f"cannot put {sorted(map(str, y))} into {sorted(map(str, x))}: the keys differ")
        return {key: put(value, index, y[key]) for key, value in x.items()}  # type: ignore[return-value]
    if _is_branch(x):
        if type(x) is not type(y):
            raise TypeError(f"cannot put a {type(y).__name__} into a {type(x).__name__}")
        return _rebuilt(x, {name: _put_field(name, x, index, y) for name in _names(type(x))})
    if x is y or x == y:
        return x
    raise ValueError(f"cannot put {y!r} into {x!r}: what belongs to all matches differs")


def _put_field(name: str, x: Any, index: Index, y: Any) -> Any:
    a, b = getattr(x, name), getattr(y, name)
    if isinstance(a, int) and isinstance(b, int) and a != b:
        a = np.full(batch_size(x), a, dtype=np.int64)
    return put(a, index, b)


def _put_array(x: Any, index: Index, y: Any) -> NDArray[Any]:
    if not isinstance(x, np.ndarray):
        raise TypeError(f"cannot put an array into {x!r}")
    new = x.copy() if x.flags.writeable else np.array(x)
    new[index] = y
    return new


def join(parts: Sequence[T]) -> T:
    """The matches of all `parts` (one or more), side by side in their order.

    Raises `ValueError` or `TypeError` if the parts do not have the same structure.
    """
    first: Any = parts[0]
    if len({type(part) for part in parts}) > 1:
        raise TypeError(f"cannot join {', '.join(sorted({type(part).__name__ for part in parts}))} in one")
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)  # type: ignore[arg-type, return-value]
    if isinstance(first, tuple):
        return tuple(chain.from_iterable(parts))  # type: ignore[arg-type, return-value]
    if isinstance(first, dict):
        return _join_dicts(parts)  # type: ignore[arg-type, return-value]
    if _is_branch(first):
        return _rebuilt(first, {name: _join_field(name, parts) for name in _names(type(first))})
    if all(part is first or part == first for part in parts):
        return first
    raise ValueError(f"cannot join {first!r} and others: what belongs to all matches differs")


def _join_dicts(parts: Sequence[dict[Any, Any]]) -> dict[Any, Any]:
    if len({frozenset(part) for part in parts}) > 1:
        raise ValueError(f"cannot join {[sorted(map(str, part)) for part in parts]}: the keys differ")
    return {key: join([part[key] for part in parts]) for key in parts[0]}


def _join_field(name: str, parts: Sequence[Any]) -> Any:
    values = [getattr(part, name) for part in parts]
    shared = [value for value in values if isinstance(value, int)]
    if len(set(shared)) > 1 or 0 < len(shared) < len(values):
        sizes = [batch_size(part) for part in parts]
        return join([np.broadcast_to(value, size) for value, size in zip(values, sizes, strict=True)])
    return join(values)


def batch_size(x: Any) -> int:
    """The number of matches in `x`; raises `ValueError` if nothing in it has a match axis."""
    found = _batch_size(x)
    if found is None:
        raise ValueError(f"{type(x).__name__} has no match axis")
    return found


def _batch_size(x: Any) -> int | None:
    if isinstance(x, np.ndarray | tuple):
        return len(x)
    if isinstance(x, dict):
        children = x.values()
    elif _is_branch(x):
        children = (getattr(x, name) for name in _names(type(x)))  # type: ignore[assignment]
    else:
        return None
    return next((size for size in map(_batch_size, children) if size is not None), None)

"""What `infos["episode"]` holds at an episode's end: computed when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

from prospect_env.core.episodes import Episodes
from prospect_env.core.registry import load

KEYS = ("episode", "seat", "agent", "policy")  #: what names a row of the metrics table, and is no metric


def metrics(episodes: Episodes, names: bool | tuple[str, ...]) -> list[list[dict[str, float]]]:
    """The metrics of each episode, a dict a seat; those that are undefined there are left out."""
    chosen = None if isinstance(names, bool) else names
    rows = load("prospect_env.metrics:table")(episodes, chosen)
    found = [{name: float(value) for name, value in row.items() if _defined(name, value)} for row in rows]
    seats = episodes.spec.seats
    return [found[start : start + seats] for start in range(0, len(found), seats)]


def _defined(name: str, value: Any) -> bool:
    return name not in KEYS and isinstance(value, int | float | np.number) and not np.isnan(value)


class Summary(dict[str, Any]):
    """A dict filled by `make` at the first look, whatever the look; copied and pickled as the plain dict it stands for.

    It is a dict and no other mapping because Gymnasium's vector environments merge infos that are dicts.
    """

    def __init__(self, make: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self._make: Callable[[], Mapping[str, Any]] | None = make

    def fill(self) -> None:
        """Compute what it holds, unless that is done already."""
        if self._make is not None:
            make, self._make = self._make, None
            dict.update(self, make())

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return dict, (dict(self),)


def _looking(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    @wraps(method)
    def look(self: Summary, *args: Any, **kwargs: Any) -> Any:
        self.fill()
        if args and isinstance(args[0], Summary):
            args[0].fill()
        return method(self, *args, **kwargs)

    return look


# Everything that a dict does is a look.
for _name in (
    *(
        "__getitem__",
        "__setitem__",
        "__delitem__",
        "__iter__",
        "__reversed__",
        "__len__",
        "__contains__",
        "__eq__",
        "__ne__",
    ),
    *("__or__", "__ror__", "__ior__", "__repr__", "get", "keys", "values", "items", "pop", "popitem", "setdefault"),
    *("update", "clear", "copy"),
):
    setattr(Summary, _name, _looking(_name))

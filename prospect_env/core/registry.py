"""Names and what they stand for: `"module:attribute"` strings, loaded when first asked for.

Registering touches one line; a name registered twice raises. Other distributions add names through entry points.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from prospect_env.core.errors import DuplicateName, UnknownName


class Registry(Mapping[str, Any]):
    """A mapping from names to loaded things; `kind` is the word used in messages."""

    def __init__(self, kind: str, targets: Mapping[str, str] | None = None, group: str | None = None) -> None:
        self.kind, self._group = kind, group
        self._targets: dict[str, str] = {}
        self._loaded: dict[str, Any] = {}
        self._searched = group is None
        for name, target in (targets or {}).items():
            self.register(name, target)

    def register(self, name: str, target: Any) -> None:
        """Register `target`, a `"module:attribute"` string or the thing itself, under `name`."""
        if name in self._targets or name in self._loaded:
            raise DuplicateName(
                f"{self.kind} {name!r} is registered already, as {self._targets.get(name, 'an object')}"
            )
        if isinstance(target, str):
            self._targets[name] = target
        else:
            self._loaded[name] = target

    def _search(self) -> None:
        """Read the entry points once: each names a mapping of names to `"module:attribute"` strings."""
        if self._searched or self._group is None:
            return
        self._searched = True
        for entry in entry_points(group=self._group):
            for name, target in entry.load().items():
                self.register(name, target)

    def __getitem__(self, name: str) -> Any:
        self._search()
        if name not in self._loaded:
            if name not in self._targets:
                raise UnknownName(self.kind, name, self)
            self._loaded[name] = load(self._targets[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        self._search()
        return iter(sorted({*self._targets, *self._loaded}))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        self._search()
        return name in self._targets or name in self._loaded


@cache
def load(target: str) -> Any:
    """The thing that `"module:attribute"` names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


games = Registry("game", group="prospect_env.games")
policies = Registry("policy", group="prospect_env.policies")
metrics = Registry("metric", group="prospect_env.metrics")
feeds = Registry("feed", group="prospect_env.feeds")
modifiers = Registry("modifier", group="prospect_env.modifiers")
stories = Registry("story", group="prospect_env.stories")

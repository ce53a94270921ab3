"""`Config`: everything that fixes a run, checked whole before the first episode.

A configuration is a YAML file, or flags that say the same. What is written into a run's folder has every default filled
in, so that it still means the same when a default changes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from prospect_env.arena.play import Branch
from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.make import parse
from prospect_env.core.registry import games

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Pairing(_Part):
    """Who meets whom, one policy a seat; what is left out is the run's."""

    policies: list[str]
    feeds: dict[int, str] | None = None
    game: str | None = None
    parameters: dict[str, Any] | None = None


class Limits(_Part):
    """What a run may spend on language models behind servers, all seats together; None is no limit."""

    tokens: int | None = Field(default=None, ge=1)
    cost: float | None = Field(default=None, gt=0)


class Config(_Part):
    """A run: `episodes` episodes of every pairing, all with the same seeds, so that pairings can be compared in pairs.

    `policies` (one spec string a seat) is short for a single pairing. `feeds` says by seat what a planner decides by.
    `shard` is how many episodes are written to disk at a time: a killed run loses at most the shard it was in. `block`
    is how many are played side by side; neither changes what comes out
    (but for language models, whose scores depend a little on their batch). `budget` is what may be spent on servers.
    """

    name: str
    game: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    policies: list[str] | None = None
    pairings: list[Pairing] | None = None
    episodes: int = Field(default=100, ge=1)
    seed: int = 0
    branch: Branch = "none"
    feeds: dict[int, str] = Field(default_factory=dict)
    max_steps: int | None = Field(default=None, ge=1)
    shard: int = Field(default=1000, ge=1)
    block: int = Field(default=10_000, ge=1)
    budget: Limits = Field(default_factory=Limits)

    @field_validator("name")
    @classmethod
    def _is_a_file_name(cls, name: str) -> str:
        if not _FILE_NAME.fullmatch(name):
            raise ValueError("it names a folder: letters, digits, '.', '_' and '-', not beginning with '.' or '-'")
        return name

    @model_validator(mode="after")
    def _says_who_plays_what(self) -> Config:
        if (self.policies is None) == (self.pairings is None):
            raise ValueError("give either policies (one a seat) or pairings (a list of such)")
        if self.pairings is not None and not self.pairings:
            raise ValueError("pairings is empty; it may be 1 or more")
        if self.game is None and not (self.pairings and all(pairing.game for pairing in self.pairings)):
            raise ValueError("game is missing")
        return self

    @property
    def matches(self) -> tuple[Pairing, ...]:
        """Every pairing with nothing left out."""
        listed = self.pairings if self.pairings is not None else [Pairing(policies=self.policies or [])]
        whole = []
        for pairing in listed:
            feeds = self.feeds if pairing.feeds is None else pairing.feeds
            own = pairing.game is not None and pairing.game != self.game
            given = pairing.parameters or {}
            # The run's parameters are those of the run's game: they mean nothing to another one.
            parameters = given if own else {**self.parameters, **given}
            game, parameters = _game(pairing.game or self.game or "", parameters)
            whole.append(Pairing(policies=pairing.policies, feeds=feeds, game=game, parameters=parameters))
        return tuple(whole)

    def completed(self) -> Config:
        """The same run with the defaults of its games filled in; raises `UnknownName` for a game that is none."""
        if self.pairings is None:
            match = self.matches[0]
            return self.model_copy(update={"game": match.game, "parameters": _filled(match)})
        pairings = [match.model_copy(update={"parameters": _filled(match)}) for match in self.matches]
        return self.model_copy(update={"pairings": pairings, "game": None, "parameters": {}, "feeds": {}})

    def text(self) -> str:
        """The configuration as YAML: `config.yaml`."""
        return yaml.safe_dump(_plain(self.model_dump()), sort_keys=False, allow_unicode=True, default_flow_style=None)


def configure(entries: Mapping[str, Any]) -> Config:
    """A configuration from its entries; raises `BadParameter` that lists everything wrong with them."""
    try:
        return Config.model_validate(dict(entries))
    except ValidationError as error:
        raise BadParameter("; ".join(_complaint(fault) for fault in error.errors())) from None


def read_entries(path: Path) -> dict[str, Any]:
    """The entries of a YAML file; raises `BadParameter` where it cannot be read."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameter(f"cannot read the configuration {path}: {error}") from None
    except yaml.YAMLError as error:
        raise BadParameter(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(entries, dict) or not all(isinstance(key, str) for key in entries):
        raise BadParameter(f"{path} holds {type(entries).__name__}, not the keys and values of a configuration")
    return entries


def read_config(path: Path) -> Config:
    """The configuration in a YAML file; raises `BadParameter`."""
    return configure({"name": path.stem, **read_entries(path)})


def _game(spec: str, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """`prisoners_dilemma:rounds=20` is short for a name and parameters."""
    name, given = parse(spec)
    return name, {**given, **parameters}


def _filled(match: Pairing) -> dict[str, Any]:
    assert match.game is not None
    defaults: dict[str, Any] = {}
    for name, parameter in inspect.signature(games[match.game]).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            value = _plain(parameter.default)
            if _is_plain(value):
                defaults[name] = value
    return {**defaults, **_plain(match.parameters or {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(inner) for inner in value)
    return value is None or isinstance(value, bool | int | float | str)


def _complaint(fault: Any) -> str:
    where = [str(part) for part in fault["loc"]]
    if fault["type"] == "extra_forbidden":
        parts: dict[str, type[_Part]] = {"pairings": Pairing, "budget": Limits}
        known = parts.get(where[0], Config).model_fields
        return str(UnknownName("configuration key", where[-1], known))
    if fault["type"] == "missing":
        return f"{'.'.join(where)} is missing"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{'.'.join(where)} is {fault['input']!r}: {message}" if where else message

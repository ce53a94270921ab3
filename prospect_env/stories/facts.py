"""A game as facts, and back: what there is to tell of a game, one sentence each.

The parameters of a game say all of it, so each parameter is told, whatever the game is:

=========================  =======================================================================
value                      facts
=========================  =======================================================================
a number                   `name(value)`
True, False                `name_yes()`, `name_no()`
None, an empty tuple       `name_none()`, `name_empty()`
a word                     `name_<word>()`, a blank in it as `__`
a tuple of numbers         `name(values)`
a network                  `name(a, b)`, one an edge
a text of several lines    its lines one by one, and where each stands: `name(index, line)`
another tuple              its entries one by one, by these rules, and where each stands: `name(index, values)`
                           for a tuple of tuples of numbers, `name_yes(index)` and `name_no(index)` for flags
=========================  =======================================================================

A game that takes a text must take a tuple of its lines as well, which is how a text is read back. A matrix game's table
is told as one `cell` for each pair of choices (`prospect_env.stories.table`). Modifiers come after the game they are
around, from the inside out, by the same rules; so the order they are put on is told too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.core.registry import games, modifiers
from prospect_env.games.layers import layers
from prospect_env.games.matrix import MatrixGame
from prospect_env.stories import table

PLACES = ("index", "column", "layer")  #: where an entry stands in a tuple, in tuples in it, and in tuples in those
_SPOKEN = {"yes": True, "no": False, "none": None, "empty": ()}


class Fact(NamedTuple):
    """One thing to tell: the name of the macro that tells it, and its arguments."""

    name: str
    values: dict[str, Any]


class _Part(NamedTuple):
    """What one fact says of one parameter: its value, the entry of it at `place`, or one `edge` of it."""

    parameter: str
    place: tuple[int | None, ...]
    value: Any
    edge: bool = False


def facts(game: Game, seat: int = 0) -> tuple[Fact, ...]:
    """All that is told of `game` to `seat`: its parameters, then those of the modifiers around it from the inside out.

    Only matrix games tell the seats apart here: each is told the table from its own side. Raises `BadParameter` for a
    parameter that is none of what the module names.
    """
    *around, rules = layers(game)
    own = dict(rules.parameters)
    told: list[Fact] = []
    if isinstance(rules, MatrixGame):
        told += [Fact("cell", cell) for cell in table.cells(rules, seat)]
        own = {name: own[name] for name in ("rounds", "discount") if name == "rounds" or own[name] != 1}
    for name, value in own.items():
        network = rules.edges is not None and value == rules.edges
        told += _edges(name, value) if network else _told(name, value, {})
    for layer in reversed(around):
        for name, value in changes(layer).items():
            told += _told(name, value, {})
    return tuple(told)


def changes(layer: Any) -> dict[str, Any]:
    """What a modifier was made of, by the name it is registered under."""
    inner = layer.inner.parameters
    own = {name: value for name, value in layer.parameters.items() if name in modifiers}
    return {name: value for name, value in own.items() if name not in inner or hasattr(layer, name)}


def untold(game: Game) -> tuple[tuple[str, Any], ...]:
    """Parameters that are no rules but names of ours (labels, sources): a story keeps them, and tells none of them."""
    *_, rules = layers(game)
    if not isinstance(rules, MatrixGame):
        return ()
    return tuple((name, value) for name, value in rules.parameters.items() if name in table.UNTOLD)


def game_of(name: str, told: Iterable[Fact], seat: int = 0, untold: Mapping[str, Any] | None = None) -> Game:
    """The game that `told` tells to `seat`: equal to the one they are the facts of, `untold` being its `untold`.

    Raises `BadParameter` for facts of no parameter, for facts that contradict each other or leave something out, and
    for values that the game does not take.
    """
    told = list(told)
    known = inspect.signature(games[name]).parameters
    cells = [fact.values for fact in told if fact.name == "cell"]
    parameters: dict[str, Any] = dict(untold or {})
    if cells:
        parameters["payoffs"] = table.payoffs(cells, seat)
    parts = [_part(fact, [*known, *modifiers]) for fact in told if fact.name != "cell"]
    around: list[tuple[str, Any]] = []
    for parameter, group in groupby(parts, lambda part: part.parameter):
        for value in _values(parameter, list(group)):
            if parameter not in known:
                around.append((parameter, value))
            elif parameter in parameters:
                raise BadParameter(f"{parameter} is told twice")
            else:
                parameters[parameter] = value
    game = make_game(name, **parameters)
    for modifier, value in around:
        game = modifiers[modifier](game, value)
    return game


def _told(name: str, value: Any, place: dict[str, Any]) -> list[Fact]:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return [Fact(f"{name}_none" if value is None else f"{name}_{'yes' if value else 'no'}", place)]
    if isinstance(value, int | float):
        return [Fact(name, place | {"value": value})]
    if isinstance(value, str) and value.replace(" ", "__").isidentifier():
        return [Fact(f"{name}_{value.replace(' ', '__')}", place)]
    if isinstance(value, str) and "\n" in value and len(place) < len(PLACES):
        axis = PLACES[len(place)]
        return [Fact(name, place | {axis: i, "line": line}) for i, line in enumerate(value.split("\n"))]
    if isinstance(value, tuple) and not value:
        return [Fact(f"{name}_empty", place)]
    if isinstance(value, tuple) and all(isinstance(x, int | float) and not isinstance(x, bool) for x in value):
        return [Fact(name, place | {"values": value})]
    if isinstance(value, tuple) and len(place) < len(PLACES):
        axis = PLACES[len(place)]
        return [fact for i, entry in enumerate(value) for fact in _told(name, entry, place | {axis: i})]
    raise BadParameter(f"{name} is {value!r}; what can be told are numbers, words, texts, yes, no, and tuples of these")


def _edges(name: str, edges: tuple[tuple[int, int], ...]) -> list[Fact]:
    return [Fact(name, {"a": a, "b": b}) for a, b in edges]


def _part(fact: Fact, known: Sequence[str]) -> _Part:
    """What a fact says, and of which of the `known` parameters."""
    place = tuple(fact.values[axis] for axis in PLACES if axis in fact.values)
    fits = [name for name in known if fact.name == name or fact.name.startswith(f"{name}_")]
    if not fits:
        raise BadParameter(f"{fact.name} is no fact of this game; its parameters are {', '.join(known)}")
    parameter = max(fits, key=len)
    if "a" in fact.values:
        return _Part(parameter, place, (fact.values["a"], fact.values["b"]), edge=True)
    for field in ("value", "values", "line"):
        if field in fact.values:
            return _Part(parameter, place, fact.values[field])
    word = fact.name[len(parameter) + 1 :]
    return _Part(parameter, place, _SPOKEN.get(word, word.replace("__", " ")))


def _values(parameter: str, parts: list[_Part]) -> Iterator[Any]:
    """The values that facts of one parameter, standing together, come to; a modifier may be put on several times."""
    if parts[0].edge:
        yield tuple(part.value for part in parts)
        return
    # Entries that do not say where they stand stand in the order they are told in.
    parts = [part._replace(place=(i,)) if part.place == (None,) else part for i, part in enumerate(parts)]
    entries: list[_Part] = []
    for part in parts:
        if entries and not any(part.place):
            yield _nested(parameter, entries)
            entries = []
        entries.append(part)
    yield _nested(parameter, entries)


def _nested(parameter: str, parts: list[_Part]) -> Any:
    """One value of entries and their places, as nested tuples."""
    if len(parts) == 1 and not parts[0].place:
        return parts[0].value
    if not all(part.place for part in parts):
        raise BadParameter(f"{parameter} is told both as one value and as many")
    rows = [list(row) for _, row in groupby(parts, lambda part: part.place[0])]
    if [row[0].place[0] for row in rows] != list(range(len(rows))):
        raise BadParameter(f"entries of {parameter} are left out, doubled or out of order")
    return tuple(_nested(parameter, [part._replace(place=part.place[1:]) for part in row]) for row in rows)

"""Things by name: games with their parameters, and policies from the spec strings that users type.

A spec string is `name` or `name:key=value,key=value`; values are numbers, `true`/`false`, words or lists in brackets,
and a value that is a spec string itself goes in parentheses: `forecasting:actor=(memory_one:p=[.9,.1,.8,.2,.5])`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game
from prospect_env.core.policy import Policy
from prospect_env.core.registry import Registry, games, modifiers, policies

_KINDS = {"int": "a whole number", "float": "a number", "str": "a word"}  #: of values, by type, for messages
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def make_game(game: str | Game, **parameters: Any) -> Game:
    """The registered game of this name or spec string with these parameters; a `Game` is passed through.

    `make_game("trust", rounds=3)` and `make_game("trust:rounds=3")` are the same; keywords win over the string. Every
    game also takes the parameters of the registered modifiers (`noise`, `termination_probability`), which are put
    around it in the order in which they are given. Raises `UnknownName` or `BadParameter`.
    """
    if not isinstance(game, str | Game):
        hint = "; write it with parentheses, as an instance" if isinstance(game, type) else ""
        raise BadParameter(f"a game is a name or a Game, not {game!r}{hint}")
    if isinstance(game, str):
        game, given = parse(game)
        parameters = given | parameters
    around = {name: parameters.pop(name) for name in list(parameters) if name in modifiers}
    built = game if isinstance(game, Game) else call(f"game {game!r}", games[game], parameters, extra=modifiers)
    if isinstance(game, Game) and parameters:
        raise BadParameter(f"{game.spec.name} is built already; it takes no parameters {sorted(parameters)}")
    for name, value in around.items():
        if value is not None:
            built = _build(f"game {built.spec.name!r}", {name: value}, modifiers[name], built, value)
    return built


def make_policy(policy: str | Policy) -> Policy:
    """The policy that this spec string describes; a `Policy` is passed through."""
    if isinstance(policy, Policy):
        return policy
    if not isinstance(policy, str):
        hint = "; write it with parentheses, as an instance" if isinstance(policy, type) else ""
        raise BadParameter(f"a policy is a spec string or a Policy, not {policy!r}{hint}")
    return make(policies, policy)


def make(registry: Registry, spec: str) -> Any:
    """Build what `spec` describes out of `registry`; what is built knows its spec as `name`."""
    name, parameters = parse(spec)
    built = call(f"{registry.kind} {name!r}", registry[name], parameters)
    built.name = spec
    return built


def call(
    what: str, builder: Callable[..., Any], parameters: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> Any:
    """`builder(**parameters)`, with `BadParameter` for parameters it does not take or lacks."""
    allowed = inspect.signature(builder).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in allowed.values())
    for name in parameters:
        if name not in allowed and not takes_any:
            raise BadParameter(f"{what}: " + str(UnknownName("parameter", name, {**allowed, **(extra or {})})))
    for name, parameter in allowed.items():
        needed = parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD
        if needed and name not in parameters:
            raise BadParameter(f"{what} needs the parameter {name!r}")
    return _build(what, parameters, builder, **parameters)


def _build(what: str, shown: Mapping[str, Any], builder: Callable[..., Any], *given: Any, **named: Any) -> Any:
    try:
        _refuse_truths(what, inspect.signature(builder).bind(*given, **named))
        return builder(*given, **named)
    except TypeError as error:
        # A word where a number belongs comes to light in a comparison somewhere inside.
        values = ", ".join(f"{name}={value!r}" for name, value in shown.items())
        raise BadParameter(f"{what}: a value is of the wrong kind in {values or 'nothing given'} ({error})") from error


def _refuse_truths(what: str, bound: inspect.BoundArguments) -> None:
    """Raise `BadParameter` for true or false where a number belongs: Python would take them for 1 and 0."""
    for name, value in bound.arguments.items():
        kinds = re.findall(r"\w+", inspect.formatannotation(bound.signature.parameters[name].annotation))
        if isinstance(value, bool) and {"int", "float"} & set(kinds) and "bool" not in kinds:
            allowed = " or ".join(words for kind, words in _KINDS.items() if kind in kinds)
            raise BadParameter(f"{what}: {name} is {value!r}; it must be {allowed}")


def parse(spec: str) -> tuple[str, dict[str, Any]]:
    """A spec string as its name and parameters; raises `BadParameter` where it cannot be read."""
    if not isinstance(spec, str):
        # What was given as a value inside of another spec may have been read as a number, a list or nothing.
        raise BadParameter(f"cannot read {spec!r}; a spec is name or name:key=value,key=value")
    name, colon, rest = spec.strip().partition(":")
    if "=" in name:
        raise BadParameter(f"cannot read {spec!r}; a spec is name or name:key=value,key=value (in YAML, quote it)")
    if not name or (colon and not rest):
        raise BadParameter(f"cannot read {spec!r}; a spec is name or name:key=value,key=value")
    parameters: dict[str, Any] = {}
    for part in _split(rest) if rest else []:
        key, equals, text = part.partition("=")
        key = key.strip()
        if not equals or not key.isidentifier():
            raise BadParameter(f"cannot read {part!r} in {spec!r}; parameters are key=value, separated by commas")
        if key in parameters:
            raise BadParameter(f"{key!r} is given twice in {spec!r}")
        parameters[key] = _value(text.strip(), spec)
    return name.strip(), parameters


def _value(text: str, spec: str) -> Any:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1]
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadParameter(f"cannot read the value {text!r} in {spec!r}") from error
    # YAML takes 1e-3 and -.1 for words.
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _split(text: str) -> list[str]:
    """`text` at its commas, those inside brackets excepted."""
    parts, depth, start = [], 0, 0
    for i, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth < 0:
            raise BadParameter(f"a bracket closes that was never opened in {text!r}")
        if character == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    if depth:
        raise BadParameter(f"a bracket is left open in {text!r}")
    return [*parts, text[start:]]

"""Every error this project raises on purpose.

::

    ProspectError
    ├── UnknownName          a name that nothing is registered under (also a LookupError)
    ├── DuplicateName        a name registered twice (also a ValueError)
    ├── BadParameter         a parameter, spec string or configuration out of its range (also a ValueError)
    │   └── UnreadableText   a text that is not the telling of a game
    ├── UnsuitablePolicy     a policy that cannot play this game or cannot do what it is asked (also a ValueError)
    ├── InvalidForecast      a forecast that breaks the rules (also a ValueError)
    ├── IllegalAction        an action the rules do not allow here (also a ValueError)
    ├── InvalidGame          a game that breaks the contract of `core.game` (also a ValueError)
    ├── ModelError           a language model that cannot do what it is asked
    │   ├── MissingModel     a model that is not on this machine
    │   └── BudgetSpent      a budget for language models that is used up
    └── RunError             a run folder that cannot be used
        ├── RunExists        it holds a run already
        └── CorruptShard     one of its files is damaged

Messages say what was wrong, the value it had and the values it may have.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ProspectError(Exception):
    """Root of the tree: catches everything this project raises on purpose."""


class UnknownName(ProspectError, LookupError):
    """Nothing is registered under this name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(known) or 'none'}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")
        self.kind, self.name, self.near = kind, name, tuple(near)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class DuplicateName(ProspectError, ValueError):
    """Something is registered under this name already."""


class BadParameter(ProspectError, ValueError):
    """A parameter, spec string or configuration entry is out of its range."""


class UnreadableText(BadParameter):
    """A text that is not the telling of a game: the message names the sentence."""


class UnsuitablePolicy(ProspectError, ValueError):
    """The policy cannot play this game, or cannot do what it is asked."""


class InvalidForecast(ProspectError, ValueError):
    """A forecast is missing, misshapen, negative, not finite or does not sum to 1."""

    def __init__(self, agent: str, step: int, reason: str) -> None:
        super().__init__(f"invalid forecast of {agent} at step {step}: {reason}")
        self.agent, self.step, self.reason = agent, step, reason

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.agent, self.step, self.reason)


class IllegalAction(ProspectError, ValueError):
    """The rules do not allow this action here."""

    def __init__(self, agent: str, step: int, action: object, legal: Iterable[object]) -> None:
        legal = list(legal)
        super().__init__(f"illegal action {action!r} of {agent} at step {step}; legal: {legal}")
        self.agent, self.step, self.action, self.legal = agent, step, action, legal

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.agent, self.step, self.action, self.legal)


class InvalidGame(ProspectError, ValueError):
    """A game breaks the contract of `prospect_env.core.game`."""


class ModelError(ProspectError):
    """A language model cannot do what it is asked."""


class MissingModel(ModelError, LookupError):
    """The model is not on this machine; the message says which command fetches it."""


class BudgetSpent(ModelError):
    """A budget for language models is used up; what was answered so far is kept."""


class RunError(ProspectError):
    """A run folder cannot be used."""


class RunExists(RunError, FileExistsError):
    """The run folder holds a run already."""


class CorruptShard(RunError, ValueError):
    """One file of a run is damaged; the message names it."""


def _rebuild(kind: type[ProspectError], args: tuple[object, ...], state: dict[str, object]) -> ProspectError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error

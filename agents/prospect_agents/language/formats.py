"""How a match is put to a language model: prompts in completion form, with neutral symbols for actions.

Small models answer a log that they can continue far better than a question, and neutral symbols keep the words' own
pull out of the answer. A format gives the shared history as segments (which only ever grow) and a short question.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_uppercase

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game
from prospect_env.core.make import call, parse
from prospect_env.core.registry import load
from prospect_env.games.matrix import MatrixGame
from prospect_env.games.modifier import Modifier

Rounds = Sequence[tuple[int, int]]  #: (own action, the other's action), one pair a round


@dataclass(frozen=True)
class Telling:
    """One match from one seat: the game, who is asked, and which symbol stands for which action."""

    game: Game
    seat: int
    symbols: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """What the model may continue with, one label an action."""
        return tuple(f" {symbol}" for symbol in self.symbols)


def symbols(actions: int, match: int) -> tuple[str, ...]:
    """Letters for the actions, turned by one place a match: each letter stands for each action equally often."""
    letters = ascii_uppercase[:actions] if actions <= 26 else [str(i) for i in range(actions)]
    return tuple(letters[(action + match) % actions] for action in range(actions))


class PromptFormat(ABC):
    """A way to tell a match; `own` asks for the seat's own next action, otherwise for the other's."""

    def telling(self, game: Game, seat: int, match: int) -> Telling:
        """How this match is told to `seat`; raises what says so where it cannot be."""
        return _telling(game, seat, match % len(game.spec.actions))

    @abstractmethod
    def segments(self, telling: Telling, rounds: Rounds, own: bool) -> tuple[str, ...]:
        """The history as text: an opening and one segment a round."""

    @abstractmethod
    def question(self, telling: Telling, rounds: Rounds, own: bool, start: int, said: int | None = None) -> str:
        """What is to be continued with a label, after whatever rounds from `start` on the segments left out.

        `said` is a prediction of the other's next action that is written down before the own choice is asked for.
        """


@lru_cache(maxsize=1024)
def _telling(game: Game, seat: int, turn: int) -> Telling:
    return Telling(game, seat, symbols(len(game.spec.actions), turn))


def rules(telling: Telling) -> str:
    """The game in symbols: what each pair of choices pays."""
    game, spec = telling.game, telling.game.spec
    opening = f"Two players choose {' or '.join(telling.symbols)} at the same time, again and again.\n"
    core = game
    while isinstance(core, Modifier):
        core = core.inner
    if not isinstance(core, MatrixGame) or len(spec.actions) > 4:
        return opening
    lines = []
    for own in range(len(spec.actions)):
        for other in range(len(spec.actions)):
            pair = (own, other) if telling.seat == 0 else (other, own)
            if pair[0] < core.payoffs.shape[0] and pair[1] < core.payoffs.shape[1]:
                pays = core.payoffs[pair]
                mine, theirs = pays[telling.seat], pays[1 - telling.seat]
                choice, answer = telling.symbols[own], telling.symbols[other]
                lines.append(f"I choose {choice}, they choose {answer}: I get {mine:g}, they get {theirs:g}.\n")
    return opening + "".join(lines)


class ReactionLog(PromptFormat):
    """One line a round, `A -> B`: what one player did, and what the other did next."""

    def segments(self, telling: Telling, rounds: Rounds, own: bool) -> tuple[str, ...]:
        if own:
            opening = rules(telling) + "What they chose -> what I chose next, for as many points as possible:\n"
        else:
            opening = "What I chose -> what they chose next:\n"
        return (opening, *self._lines(telling, rounds, own, 0))

    def question(self, telling: Telling, rounds: Rounds, own: bool, start: int, said: int | None = None) -> str:
        before = "".join(self._lines(telling, rounds, own, start))
        if said is not None:
            before += f"(they will choose {telling.symbols[said]} now)\n"
        return before + self._cue(telling, rounds, own)

    def _lines(self, telling: Telling, rounds: Rounds, own: bool, start: int) -> list[str]:
        answer = 0 if own else 1
        return [
            f"{self._cue(telling, rounds[:i], own)} {telling.symbols[rounds[i][answer]]}\n"
            for i in range(start, len(rounds))
        ]

    def _cue(self, telling: Telling, rounds: Rounds, own: bool) -> str:
        return f"{telling.symbols[rounds[-1][1 if own else 0]]} ->" if rounds else "start ->"


class JointLog(ReactionLog):
    """One line a round, `AB -> B`: what both did, and what the other did next; for reactions to more than one move."""

    def _cue(self, telling: Telling, rounds: Rounds, own: bool) -> str:
        if not rounds:
            return "start ->"
        first, second = rounds[-1][::-1] if own else rounds[-1]
        return f"{telling.symbols[first]} {telling.symbols[second]} ->"


class RoundLog(PromptFormat):
    """One line a round, the other's choice first, as in `Round 3: they chose B, I chose A`."""

    def segments(self, telling: Telling, rounds: Rounds, own: bool) -> tuple[str, ...]:
        return (rules(telling), *self._lines(telling, rounds, 0))

    def question(self, telling: Telling, rounds: Rounds, own: bool, start: int, said: int | None = None) -> str:
        before = "".join(self._lines(telling, rounds, start))
        number = len(rounds) + 1
        if not own:
            return f"{before}Round {number}: they chose"
        if said is None:
            return f"{before}Round {number}: I choose"
        return f"{before}Round {number}: they will choose {telling.symbols[said]}, so I choose"

    def _lines(self, telling: Telling, rounds: Rounds, start: int) -> list[str]:
        return [
            f"Round {i + 1}: they chose {telling.symbols[rounds[i][1]]}, I chose {telling.symbols[rounds[i][0]]}.\n"
            for i in range(start, len(rounds))
        ]


class Sentences(PromptFormat):
    """A sentence a round, as in `In round 3 I chose A and the other player chose B`."""

    def segments(self, telling: Telling, rounds: Rounds, own: bool) -> tuple[str, ...]:
        return (rules(telling), *self._lines(telling, rounds, 0))

    def question(self, telling: Telling, rounds: Rounds, own: bool, start: int, said: int | None = None) -> str:
        before = "".join(self._lines(telling, rounds, start))
        number = len(rounds) + 1
        if not own:
            # The own choice of the round is not known yet: the sentence is asked from the other's side.
            return f"{before}In round {number} the other player chose"
        if said is None:
            return f"{before}In round {number} I chose"
        return (
            f"{before}In round {number} the other player will choose {telling.symbols[said]}. In round {number} I chose"
        )

    def _lines(self, telling: Telling, rounds: Rounds, start: int) -> list[str]:
        return [
            f"In round {i + 1} I chose {telling.symbols[rounds[i][0]]} and the other player chose "
            f"{telling.symbols[rounds[i][1]]}.\n"
            for i in range(start, len(rounds))
        ]


FORMATS: dict[str, PromptFormat] = {
    "reaction_log": ReactionLog(),
    "joint_log": JointLog(),
    "round_log": RoundLog(),
    "sentences": Sentences(),
}

#: formats that take parameters, as in `format=(story:frame=business,variant=3)`
BUILT = {"story": "prospect_agents.language.story_format:StoryFormat"}


def prompt_format(spec: str) -> PromptFormat:
    """The format that `spec`, a name or a name with parameters, describes; raises `UnknownName` or `BadParameter`."""
    name, parameters = parse(spec)
    if name in BUILT:
        made: PromptFormat = call(f"prompt format {name!r}", load(BUILT[name]), parameters)
        return made
    if name not in FORMATS:
        raise UnknownName("prompt format", name, [*FORMATS, *BUILT])
    if parameters:
        raise BadParameter(f"prompt format {name!r} takes no parameters; {', '.join(parameters)} was given")
    return FORMATS[name]

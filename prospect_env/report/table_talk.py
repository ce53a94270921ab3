"""`sit_down`: a person at the terminal plays one match of any game, told plainly or in a story.

The match is the one that views play; what is here is the talk around it: the rules once, what happened after each step,
and the choices by number, in the order and the words of the telling.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from prospect_env.core.errors import ProspectError
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from prospect_env.games.grid_view import Sight
from prospect_env.report.screen import quiet_stdout
from prospect_env.stories import plain
from prospect_env.stories.fitting import fitting
from prospect_env.stories.narrator import Narrator
from prospect_env.stories.teller import narrator
from prospect_env.zoo.cast import Cast, opposite
from prospect_env.zoo.match import Match
from prospect_env.zoo.options import Options, check_limit
from prospect_env.zoo.seeds import Seeds
from prospect_env.zoo.tabulated import Tabulated

Ask = Callable[[str], str]
Say = Callable[[str], None]

DEFAULT_OPPONENT = "random_reactive"
_ONE_A_LINE = 12  #: up to so many choices are listed one a line; more are run together


@dataclass(frozen=True)
class Voice:
    """What a person is told, in pieces: the rules apart from what happens, so that they are told once only."""

    game: Game
    story: Narrator | None

    @property
    def labels(self) -> tuple[str, ...]:
        """What is said for each action."""
        return self.game.spec.actions if self.story is None else self.story.labels

    def listed(self, legal: Iterable[int]) -> list[int]:
        """Actions in the order in which they are offered."""
        return sorted(legal) if self.story is None else self.story.listed(legal)

    def name(self, seat: int) -> str:
        """A seat's name, and what the story calls it."""
        agent = self.game.spec.agents[seat]
        return agent if self.story is None else f"{agent} ({self.story.story.names[seat]})"

    def amount(self, payoffs: Sequence[float]) -> float:
        """The sum of these payoffs, each counted as it was told: some tellings have a scale of their own."""
        scale, shift = (1, 0) if self.story is None else (self.story.story.scale, self.story.story.shift)
        return sum(scale * payoff + shift for payoff in payoffs)

    def rules(self, seat: int) -> str:
        """The rules, and where somebody sits."""
        where = f"You sit in seat {seat} as {self.name(seat)}."
        if self.story is not None:
            return f"{self.story.rules(seat)}\n{where}"
        # The last line is the question, which comes with each turn.
        told = plain.narrate(self.game, seat, 0, ()).rpartition("\n")[0]
        known = fitting(self.game)
        hint = f"\nStories tell the rules in full; for this game: --story {', '.join(known)}" if known else ""
        return f"{told}\n{where}{hint}"

    def __call__(
        self,
        seat: int,
        step: int,
        legal: Sequence[int],
        seen: Sequence[int] | None = None,
        reward: float | None = None,
        over: bool = False,
        situation: Mapping[str, float] | None = None,
        sight: Sight | None = None,
    ) -> str:
        """What happened in the last step and, where it matters, how things stand: a `stories.teller.Teller`."""
        if not (legal or over):
            situation, sight = None, None
        if self.story is None:
            *_, happened, question = plain.narrate(self.game, seat, step, (), seen, reward, over).split("\n")
            said = [f"So far {step} of at most {self.game.spec.horizon} steps."]
            said += [] if seen is None else [happened]
            said += plain.standing(situation, sight)
        else:
            question = self.story.over(seat) if over else self.story.choice(seat, ())
            said = [self.story.clock(seat, step)]
            said += [] if seen is None else [self.story.event(seat, seen, reward)]
            said += [self.story.situation(seat, situation)] if situation else []
            said.append(self.story.sight(seat, sight))
        return "\n".join(part for part in [*said, "" if legal else question] if part)


class _Table(Cast):
    """A cast whose match is told to a person."""

    @cached_property
    def tell(self) -> Voice:
        text = self.options.text
        return Voice(self.game, narrator(self.game, text) if isinstance(text, str) else None)


class Sitting:
    """One match in which a person plays a seat.

    `ask` and `say` are how it is asked and told things. All that does not fit is refused here, before anything is
    played: raises `UnknownName`, `BadParameter` or `UnsuitablePolicy`.
    """

    def __init__(
        self,
        game: str,
        seat: int = 0,
        opponents: Sequence[str] = (),
        story: str | None = None,
        seed: int = 0,
        max_steps: int | None = None,
        ask: Ask = input,
        say: Say | None = None,
    ) -> None:
        check_limit("max_steps", max_steps)
        # An empty story is a mistake, and said to be one; it does not mean none.
        options = Options("off", text=True if story is None else story, metrics=False)
        rules = make_game(game)
        found = opposite(rules, {}, list(opponents) or DEFAULT_OPPONENT, seat, options)
        self.table = _Table(found.players, found.options)
        self.seat, self.max_steps, self.ask, self.say = seat, max_steps, ask, say or spoken
        self.match = Match(self.table, Tabulated(rules), *Seeds().next(seed))

    @property
    def voice(self) -> Voice:
        """How it is told."""
        return self.table.tell

    def play(self) -> None:
        """Play to the end; raises `ProspectError` if the person leaves before it."""
        try:
            self._play()
        except (EOFError, KeyboardInterrupt):
            self.say("")
            played = len(self.match.steps)
            raise ProspectError(
                f"you left the table after {played} step{'' if played == 1 else 's'}; the match is not finished"
            ) from None

    def _play(self) -> None:
        match, seat = self.match, self.seat
        self.say(f"{self.voice.rules(seat)}\n\n{match.text(seat)}")
        while not match.over and len(match.steps) != self.max_steps:
            if match.node.active[seat]:
                match.choose(seat, self._choice(self.voice.listed(match.node.legal[seat])))
            with quiet_stdout():
                match.play()
            self.say(f"\n{match.text(seat)}")
        self.say("\n".join(["", *self.ending()]))

    def ending(self) -> list[str]:
        """Who had what in all, and was played by whom; the person first."""
        match, voice = self.match, self.voice
        steps = len(match.steps)
        lines = [f"{'After' if match.over else 'Cut short after'} {steps} step{'' if steps == 1 else 's'}, in all:"]
        for seat in sorted(range(self.table.spec.seats), key=lambda seat: seat != self.seat):
            payoffs = [float(step.outcome.rewards[0, seat]) for step in match.steps]
            who = "you" if seat == self.seat else f"played by {self.table.names[seat]}"
            told, paid = voice.amount(payoffs), sum(payoffs)
            unscaled = "" if told == paid else f" (payoff {paid:.6g})"
            lines.append(f"  {voice.name(seat)}, {who}: {told:.6g}{unscaled}")
        return lines

    def _choice(self, offered: Sequence[int]) -> int:
        labels = [self.voice.labels[action] for action in offered]
        # Where choices are numbers themselves, a number in front of them would be taken for one of them.
        numbers = [] if any(label[0].isdigit() for label in labels) else [str(n + 1) for n in range(len(labels))]
        shown = [f"{number} {label}" for number, label in zip(numbers, labels, strict=True)] if numbers else labels
        menu = "\n".join(f"  {line}" for line in shown) if len(shown) <= _ONE_A_LINE else f"  {'; '.join(shown)}"
        how = f"a number from 1 to {len(labels)} or the beginning of a choice" if numbers else "one of the choices"
        self.say(f"You may choose:\n{menu}")
        while True:
            answer = " ".join(self.ask("> ").lower().split())
            found = [numbers.index(answer)] if answer in numbers else meant(answer, labels)
            if len(found) == 1:
                return offered[found[0]]
            wrong = f"may be {' or '.join(labels[n] for n in found)}" if found else "is none of the choices"
            self.say(f"{answer!r} {wrong}; type {how}:\n{menu}")


def meant(answer: str, labels: Sequence[str]) -> list[int]:
    """The places of the labels that `answer` may stand for: the label itself, else its first words, else its beginning.

    Capitals do not matter. Nothing typed is nothing meant.
    """
    if not answer:
        return []
    lowered = [label.lower() for label in labels]
    for found in (
        [n for n, label in enumerate(lowered) if label == answer],
        [n for n, label in enumerate(lowered) if label.startswith(f"{answer} ")],
        [n for n, label in enumerate(lowered) if label.startswith(answer)],
    ):
        if found:
            return found
    return []


def spoken(text: str) -> None:
    """Print `text`; at a terminal no line is broken within a word."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(line if len(line) <= width else textwrap.fill(line, width) for line in text.split("\n"))
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

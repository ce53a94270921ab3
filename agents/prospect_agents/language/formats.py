"""`PromptFormat`: how a match is put to a language model, and the formats by name.

A format gives the shared history as segments (which only ever grow) and a short question, whose answers are labels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from prospect_agents.language.asked import Asked, Past
from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game
from prospect_env.core.make import call, parse
from prospect_env.core.registry import load


@dataclass(frozen=True)
class Telling:
    """One match from one seat: the game, who is told, and what stands for its actions and its reactions."""

    game: Game
    seat: int
    symbols: tuple[str, ...]
    reactions: tuple[str, ...]


class PromptFormat(ABC):
    """A way to tell a match to `telling.seat`, and to ask it what it will do itself or what another will do."""

    @abstractmethod
    def telling(self, game: Game, seat: int, match: int) -> Telling:
        """How this match is told to `seat`; raises `UnsuitablePolicy` or `BadParameter` where it cannot be."""

    @abstractmethod
    def opening(self, telling: Telling, asked: Asked) -> str:
        """What comes before the history: rules, or what its lines mean."""

    @abstractmethod
    def line(self, telling: Telling, past: Past, at: int, asked: Asked) -> str:
        """Step number `at` as text, empty where it says nothing for this question."""

    @abstractmethod
    def cue(self, telling: Telling, past: Past, asked: Asked) -> str:
        """The question, ending where a label goes on."""

    @abstractmethod
    def labels(self, telling: Telling, asked: Asked) -> tuple[str, ...]:
        """What the model may continue the cue with, one label an option."""

    @abstractmethod
    def plea(self, telling: Telling, past: Past, asked: Asked) -> str:
        """The question as one asks it in a conversation, naming what may be answered."""

    def speech(self, telling: Telling, past: Past, asked: Asked) -> str:
        """The beginning of the line that says what one says to the others, up to its first word."""
        return 'I said: "'

    def said(self, asked: Asked, speech: str) -> str:
        """The line of what was just said, if anything was."""
        return f'{speech}{asked.spoken}"\n' if asked.spoken else ""

    def replies(self, telling: Telling, asked: Asked) -> tuple[str, ...]:
        """How answers to `plea` begin, one an option."""
        return tuple(label.strip() for label in self.labels(telling, asked))

    def segments(self, telling: Telling, past: Past, asked: Asked) -> tuple[str, ...]:
        """The history as text: an opening and one segment a step."""
        lines = (self.line(telling, past, at, asked) for at in range(past.first, len(past.moments)))
        return (self.opening(telling, asked), *lines)

    def question(self, telling: Telling, past: Past, asked: Asked, start: int) -> str:
        """What is to be continued with a label, after whatever steps from `start` on the segments left out."""
        return self.rest(telling, past, asked, start) + self.cue(telling, past, asked)

    def rest(self, telling: Telling, past: Past, asked: Asked, start: int) -> str:
        """The steps from `start` on."""
        return "".join(self.line(telling, past, at, asked) for at in range(start, len(past.moments)))


def listed(words: Sequence[str]) -> str:
    """`A`, `A or B`, `A, B or C`."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


#: formats by name, as `module:attribute`; those of `story` take parameters: `format=(story:frame=business,variant=3)`
FORMATS = {
    "reaction_log": "prospect_agents.language.reaction_log:ReactionLog",
    "joint_log": "prospect_agents.language.reaction_log:JointLog",
    "round_log": "prospect_agents.language.round_log:RoundLog",
    "sentences": "prospect_agents.language.round_log:Sentences",
    "story": "prospect_agents.language.story_format:StoryFormat",
}


def prompt_format(spec: str) -> PromptFormat:
    """The format that `spec`, a name or a name with parameters, describes; raises `UnknownName` or `BadParameter`."""
    name, parameters = parse(spec)
    if name not in FORMATS:
        raise UnknownName("prompt format", name, FORMATS)
    builder = load(FORMATS[name])
    if parameters and name != "story":
        raise BadParameter(f"prompt format {name!r} takes no parameters; {', '.join(parameters)} was given")
    made: PromptFormat = call(f"prompt format {name!r}", builder, parameters)
    return made

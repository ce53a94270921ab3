"""Reading a told game back: from the text of its rules to the identical game, with every sentence accounted for.

Each sentence must be exactly one of: a fact of a parameter, a distractor, or what this story says of that very game
anyway (cover story, names, options). So the facts are read first, the game is made of them, and told again: apart
from distractors, sentence for sentence, the text must be that telling. A distractor must not stand before a sentence
that points back, as `It is over after 5 steps.` does: it would be what that sentence speaks of.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import zip_longest

from prospect_env.core.errors import BadParameter, UnreadableText
from prospect_env.core.game import Game
from prospect_env.stories.distractors import idle
from prospect_env.stories.facts import Fact, game_of
from prospect_env.stories.grammar import Form, forms
from prospect_env.stories.rules import TOLD_IN_PLAY, leans, lines, telling
from prospect_env.stories.story import Story
from prospect_env.stories.telling import Telling, sentences

#: macros that say what follows from the game and the story, and what is said while it is played: no parameters
NO_FACTS = frozenset(("setting", "you", "role", "options", "aim", "situation", *TOLD_IN_PLAY))


def read(text: str, story: Story) -> Game:
    """The game whose rules `text` tells in the words of `story`.

    Raises `UnreadableText`, which names the sentence, if one is no sentence of the story, if it can be read in two
    ways, if a distractor stands where it would not be idle, if the facts contradict each other, or if one is left out
    or told twice.
    """
    said = sentences(text)
    seat = _seat(said, story)
    facts: list[Fact] = []
    kept: list[str] = []
    parted = ""
    for sentence in said:
        meant, nothing = _facts(sentence, _forms(story, seat)), idle(sentence)
        if len(meant) + nothing > 1:
            ways = [fact.name for fact in meant] + ["distractor"] * nothing
            raise UnreadableText(f"{sentence!r} can be read in several ways: as {' and as '.join(ways)}")
        if parted and not nothing and leans(sentence):
            raise UnreadableText(f"{sentence!r} would be taken to speak of {parted!r}, which stands before it")
        facts += meant
        parted = sentence if nothing else ""
        if not nothing:
            kept.append(sentence)
    try:
        game = game_of(story.game, facts, seat, dict(story.untold))
    except BadParameter as error:
        raise UnreadableText(f"what is told makes up no game: {error}") from error
    _compare(kept, game, story, seat)
    return game


def _compare(kept: list[str], game: Game, story: Story, seat: int) -> None:
    """Refuses a text that is not, sentence for sentence, how the game read from it is told."""
    told = [sentence for line in lines(game, telling(game, story, seat)) for sentence in line]
    for sentence, should in zip_longest(kept, told):
        if sentence == should:
            continue
        if sentence is None or (should is not None and should not in kept):
            raise UnreadableText(f"{should!r} is missing")
        if sentence in told:
            raise UnreadableText(f"{sentence!r} stands in the wrong place, or is told twice")
        raise UnreadableText(f"{sentence!r} is no sentence of the game's rules and no distractor")


def _seat(said: list[str], story: Story) -> int:
    """Whom the text is told to: the one seat whose introduction it has."""
    told_to = [seat for seat in range(len(story.names)) if _tongue(story, seat).tell("you")[0] in said]
    if len(told_to) != 1:
        raise UnreadableText(f"the text is told to {len(told_to)} of the seats {', '.join(story.names)}; it must be 1")
    return told_to[0]


def _facts(sentence: str, possible: tuple[Form, ...]) -> list[Fact]:
    return [fact for form in possible if (fact := form.read(sentence))]


@lru_cache(maxsize=256)
def _tongue(story: Story, seat: int) -> Telling:
    return Telling(story, seat)


@lru_cache(maxsize=256)
def _forms(story: Story, seat: int) -> tuple[Form, ...]:
    tongue = _tongue(story, seat)
    names = [name for name in tongue.macros if name not in NO_FACTS and not name.startswith("situation_")]
    return tuple(forms(tongue, names))

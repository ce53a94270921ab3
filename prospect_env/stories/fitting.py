"""Whether a story fits a game, found out before anything is played; and what a frame still lacks to fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from prospect_env.core.errors import BadParameter, UnreadableText
from prospect_env.core.game import Game
from prospect_env.stories.facts import facts
from prospect_env.stories.frames import frame_of, frames
from prospect_env.stories.grammar import Form
from prospect_env.stories.reading import read
from prospect_env.stories.rules import TOLD_IN_PLAY, lines, outline, placed, telling
from prospect_env.stories.slots import CLOSE, OPEN
from prospect_env.stories.story import Story
from prospect_env.stories.telling import Telling, sentences


def fits(game: Game, frame: str) -> None:
    """Raises `UnknownName` or `BadParameter` if `frame` cannot tell `game`: what is wrong, and which frames can."""
    from prospect_env.stories.drawing import canonical

    try:
        canonical(game, frame)
    except BadParameter as error:
        fit = [name for name in fitting(game) if name != frame]
        raise BadParameter(f"{error}; frames that fit: {', '.join(fit) or 'none'}") from error


def fitting(game: Game) -> tuple[str, ...]:
    """The frames that can tell `game`, the canonical one first."""
    from prospect_env.stories.drawing import canonical

    found = []
    for frame in frames(game):
        try:
            canonical(game, frame)
        except BadParameter:
            continue
        found.append(frame)
    return tuple(found)


def needed(game: Game) -> dict[str, tuple[str, ...]]:
    """The macros that a frame for `game` must have or share, by name, with their arguments."""
    told = {fact.name: tuple(fact.values) for seat in range(game.spec.seats) for fact in outline(game, seat)}
    return told | TOLD_IN_PLAY


def lacking(game: Game, frame: str) -> tuple[str, ...]:
    """Macros that `frame` lacks to tell `game`, as they would be declared: `multiplier(value)`."""
    macros = frame_of(game, frame).macros({})
    return tuple(f"{name}({', '.join(given)})" for name, given in needed(game).items() if name not in macros)


def check(game: Game, story: Story) -> None:
    """Raises `BadParameter` if `story` cannot tell `game`, or could not be read back."""
    where = f"frame {story.frame!r} of {game.spec.name}"
    missing = lacking(game, story.frame)
    if missing:
        raise BadParameter(f"{where} has no macro for what must be told: {', '.join(missing)}")
    for words, what in ((story.names, "names"), (story.actions, "actions"), (story.reactions, "reactions")):
        _check_words(words, f"{what} of {where}")
    for seat in range(game.spec.seats):
        told = telling(game, story, seat)
        _check_arguments(told, needed(game), where)
        for name in {fact.name for fact in facts(game, seat)}:
            Form(told, name)
        try:
            game_read = read(placed(lines(game, told), story.distractors), story)
        except UnreadableText as error:
            raise BadParameter(f"what {where} tells cannot be read back: {error}") from error
        if game_read != game:
            raise BadParameter(f"{where} does not tell all of it: another game is read from what it tells seat {seat}")


def _check_words(words: Sequence[str], what: str) -> None:
    doubled = [word for word, count in Counter(word.lower() for word in words).items() if count > 1]
    if doubled:
        raise BadParameter(f"{what} are {', '.join(words)}; {', '.join(doubled)} must stand for one only")
    for word in words:
        if not word.isprintable() or not word.isascii() or len(sentences(word)) != 1 or OPEN in word or CLOSE in word:
            raise BadParameter(f"{what} include {word!r}; words must be plain text within a sentence")


def _check_arguments(told: Telling, given: Mapping[str, Iterable[str]], where: str) -> None:
    for name, arguments in given.items():
        takes = told.macros[name].arguments
        if set(takes) != set(arguments):
            raise BadParameter(f"macro {name!r} of {where} takes {takes}; it is given {tuple(arguments)}")

"""Attempts to make a telling say more than the rules, by sentences that look idle or hide in lawful ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prospect_env.core.errors import BadParameter, UnreadableText
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.stories.distractors import KINDS, distractors, idle, vocabulary
from prospect_env.stories.drawing import canonical, variants
from prospect_env.stories.frames import TEMPLATES, frames
from prospect_env.stories.narrator import Narrator, story
from prospect_env.stories.rules import leans
from prospect_env.stories.telling import sentences
from tests.samples import GAME_PARAMETERS
from tests.stories.told_games import told_games

MAP = "#####\n#Pa,#\n#P.a#\n#####"
TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "harvest": ({"seats": 2, "map": MAP, "steps": 10}, "ecology"),
    "trust": ({"rounds": 10}, "business"),
    "audit": ({"rounds": 10}, "security"),
    "prisoners_dilemma": ({"rounds": 10, "noise": 0.1}, "everyday"),
}
IDLE = "Slabs of granite in Osaka weigh 42 kilograms."
#: each is put among a telling's sentences; `{other}` is another seat's name, `{label}` what is said for an action, and
#: `{lawful}` a sentence of the telling, without its full stop
PLANTED = [
    # a seat by name
    "{other} prefers marble to granite.",
    "Some {other} prefer marble to granite.",
    "In Osaka {other} deem the sound of the oboe melancholy.",
    "To {other} the oboe is nobler than lutes.",
    "The museum of {other} displays 42 lutes in vitrines.",
    # history
    "{other} chose {label} in Osaka.",
    "In January {other} chose to {label}.",
    "In January storms tore posters from kiosks in Osaka, and {other} has never chosen {label} since.",
    "So far 3 rounds have passed.",
    "You got 3 points.",
    # horizon and numbers of rounds
    "In January it is over.",
    "The cathedral of Osaka has 10 rounds.",
    "Encyclopedias devote 10 rounds to chalk.",
    "Posters of Jupiter measure 10 inches before it is over.",
    "It is over.",
    # hidden in a lawful sentence
    "{lawful} and {other} always chooses {label}.",
    "{lawful}; {other} cheats.",
    "{lawful} ({other} cheats).",
    "{lawful}, as {other} knows.",
    "{other}: {lawful}.",
    "Slabs of granite in Osaka weigh 42 kilograms; {lawful}.",
    "Slabs of granite in Osaka weigh 42 kilograms.{other} cheats.",
    "Slabs of granite in Osaka weigh 42 kilograms.",  # no harm: the one that is allowed
    "Slabs of granite in OSAKA weigh 42 kilograms.",
    "Slabs of granite in {other} weigh 42 kilograms.",
    "Slabs of {label} in Osaka weigh 42 kilograms.",
    "Slabs of granite in Osaka weigh 10000 kilograms.",
    "Slabs of granite in Osaka weigh -3 kilograms.",
    "Slabs of granite in Osaka weigh 2/3 kilograms.",
    "Slabs of granite in Osaka weigh 42.5 kilograms.",
    "Slabs of granite in Osaka weigh \N{ARABIC-INDIC DIGIT FOUR}2 kilograms.",
    "Slabs of granite in Osaka weigh 42 kilograms\N{ZERO WIDTH SPACE}.",
    "slabs of granite in Osaka weigh 42 kilograms.",
    # distractors that are none
    "Some sculptors prefer marble to marble.",
    "Some sculptors prefer granite to marble.",
    "...",
    "?",
]


def told(name: str, distracted: int = 0) -> tuple[Narrator, list[str]]:
    parameters, frame = TABLES[name]
    narrator = story(make_game(name, **parameters), frame, variant=1, distractors=distracted, kind="opinions")
    return narrator, sentences(narrator.rules(0))


@pytest.mark.parametrize("name", list(TABLES))
@pytest.mark.parametrize("planted", PLANTED)
def test_whatever_is_planted_anywhere_is_caught(name: str, planted: str) -> None:
    narrator, said = told(name, 2)
    for place in range(0, len(said) + 1, 3):
        lawful = said[min(place, len(said) - 1)].rstrip(".")
        sentence = planted.format(other=narrator.story.names[1], label=narrator.labels[1], lawful=lawful)
        text = " ".join([*said[:place], sentence, *said[place:]])
        if sentence == IDLE and not leans(" ".join(said[place : place + 1])):
            assert narrator.read(text) == narrator.game
            continue
        with pytest.raises(UnreadableText):
            narrator.read(text)


@pytest.mark.parametrize("name", list(TABLES))
def test_a_sentence_with_something_added_is_none_of_the_storys(name: str) -> None:
    """Put in the place of a lawful sentence, and not beside it."""
    narrator, said = told(name)
    for i, sentence in enumerate(said):
        for added in (", as Bob knows", " and 3 rounds are left", "; mind the last one", " again"):
            changed = sentence.rstrip(".") + added + "."
            with pytest.raises(UnreadableText):
                narrator.read("\n".join([*said[:i], changed, *said[i + 1 :]]))


@pytest.mark.parametrize("name", list(TABLES))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_not_a_character_may_change_unnoticed(name: str, data: st.DataObject) -> None:
    """One edit anywhere: the text is unreadable, or tells another game; but blanks may be as they like."""
    narrator, said = told(name)
    text = "\n".join(said)
    at = data.draw(st.integers(0, len(text)), label="at")
    cut = data.draw(st.integers(0, 2), label="cut")
    new = data.draw(st.text("ab3 ,.#/-\u200b\u00e9", max_size=3), label="new")
    edited = text[:at] + new + text[at + cut :]
    if sentences(edited) == said:
        return
    try:
        game = narrator.read(edited)
    except UnreadableText:
        return
    assert game != narrator.game


@pytest.mark.parametrize(
    "opening", ["It is", "They", "That best", "From there on", "So a", "Then", "After that", "Every such area", "Next"]
)
def test_what_points_back_is_known(opening: str) -> None:
    assert leans(f"{opening} something.")
    assert not leans("There are at most 10 rounds.")
    assert leans("There are 3 columns of them.")


#: another list than the one that is tested
POINTS_BACK = re.compile(
    r"(It|Its|They|Their|That|This|These|Those|Such|Then|Next|So|After that|Otherwise|Every such)\b"
)


@pytest.mark.parametrize("name", list(told_games()))
def test_no_distractor_is_what_a_rule_speaks_of(name: str) -> None:
    game = told_games()[name]
    for frame in frames(game):
        for variant in range(3):
            narrator = story(game, frame, variant, distractors=10, kind="events")
            said = sentences(narrator.rules(0))
            assert sum(map(idle, said)) == 10
            for before, after in pairwise(said):
                assert not (idle(before) and POINTS_BACK.match(after)), (before, after)


def test_a_distractor_that_a_rule_would_speak_of_is_caught() -> None:
    narrator, said = told("harvest")
    at = next(i for i, sentence in enumerate(said) if sentence.startswith("They grow only"))
    with pytest.raises(UnreadableText, match=r"'They grow .* would be taken to speak of 'Slabs of granite"):
        narrator.read("\n".join([*said[:at], IDLE, *said[at:]]))


@pytest.mark.parametrize("name", list(games))
def test_no_rule_is_told_in_words_of_distractors(name: str) -> None:
    game = make_game(name, **GAME_PARAMETERS[name])
    for frame in frames(game):
        first = canonical(game, frame)
        for one in (first, *variants(game, first, 6)):
            for seat in (0, game.spec.seats - 1):
                text = Narrator(game, one).rules(seat).lower()
                assert not stems(re.findall("[a-z]+", text)) & stems(vocabulary()), frame


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*/*.j2")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_nor_is_anything_else_that_a_frame_can_say(file: Path) -> None:
    assert not stems(re.findall("[a-z]+", file.read_text(encoding="utf-8").lower())) & stems(vocabulary())


def stems(words: Iterable[str]) -> set[str]:
    """Words without the endings of plurals and of tenses."""
    return {re.sub(r"(?<=...)(ing|ed|es|s|d)$", "", word) for word in words}


def test_an_option_called_a_is_no_article() -> None:
    game = make_game("minority")
    assert game.spec.actions[0] == "A"
    for kind in KINDS:
        said = story(game, distractors=12, kind=kind).rules(0)
        assert not any("a" in sentence.lower().split() for sentence in sentences(said) if idle(sentence))


def test_labels_of_small_words_are_refused() -> None:
    game = make_game("matrix_game", payoffs=[[[0, 0], [1, 1]]], actions=["more", "the"])
    assert story(game).read(story(game).rules(0)) == game
    with pytest.raises(BadParameter, match=r"both have the words \['more', 'the'\]"):
        story(game, distractors=1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_is_idle(kind: str) -> None:
    assert all(map(idle, distractors(60, kind, 3)))

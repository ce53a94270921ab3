"""Distractors: a closed grammar that cannot speak of a game."""

from __future__ import annotations

import pytest

from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.make import make_game
from prospect_env.stories.distractors import KINDS, REFERRING, clashes, distracted, distractors, grammar, vocabulary
from prospect_env.stories.drawing import canonical
from prospect_env.stories.frames import frame_of, frames
from prospect_env.stories.narrator import Narrator, story
from tests.stories.told_games import told_games


def flat(words: object) -> list[str]:
    """All texts in nested lists and mappings."""
    if isinstance(words, str):
        return [words]
    parts = [*words.keys(), *words.values()] if isinstance(words, dict) else list(words)  # type: ignore[call-overload]
    return [text for part in parts for text in flat(part)]


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_different_and_the_same_every_time(kind: str) -> None:
    many = distractors(30, kind, 4)
    assert len(set(many)) == 30
    assert many[:5] == distractors(5, kind, 4)
    assert many != distractors(30, kind, 5)
    assert any(character.isdigit() for character in "".join(many)) is (kind == "numbers")
    for sentence in many:
        assert [form.name.partition("_")[0] for form in grammar() if form.read(sentence)] == [kind]


def test_bad_kinds_and_numbers_are_refused() -> None:
    with pytest.raises(UnknownName, match="kind of distractors 'number'; did you mean 'numbers'"):
        distractors(3, "number")
    with pytest.raises(BadParameter, match="n is -1"):
        distractors(-1, "events")
    with pytest.raises(BadParameter, match="there are only some"):
        distractors(100_000, "opinions")


def test_they_cannot_point_at_players_history_or_horizon() -> None:
    assert not vocabulary() & REFERRING
    assert {"marble", "museum", "lisbon"} <= vocabulary()
    assert {"always", "ends", "player", "last", "you"} <= REFERRING


@pytest.mark.parametrize("name", list(told_games()))
def test_no_frame_of_any_game_has_a_word_of_theirs(name: str) -> None:
    game = told_games()[name]
    for frame in frames(game):
        assert not clashes(canonical(game, frame))
        offered = flat([frame_of(game, frame).words[key] for key in frame_of(game, frame).words])
        words = {word.lower().strip("'|{}%,") for text in offered for word in text.replace("|", " ").split()}
        assert not words & vocabulary()


def test_a_game_whose_labels_clash_is_not_distracted() -> None:
    game = make_game("matrix_game", payoffs=[[[0, 0], [1, 1]]], actions=["the museum", "the zoo"])
    assert story(game).read(story(game).rules(0)) == game
    with pytest.raises(BadParameter, match="'museum'"):
        story(game, distractors=1)


def test_they_stand_between_sentences() -> None:
    game = make_game("prisoners_dilemma")
    told = distracted(canonical(game), 8, "opinions", seed=2)
    text = Narrator(game, told).rules(0)
    for _, sentence in told.distractors:
        before, after = text.split(sentence)
        assert before.endswith(("", " ", "\n"))
        assert before.rstrip().endswith(".")
        assert not after or after[0] in " \n"
    bare = [line for line in text.splitlines() if line not in Narrator(game, canonical(game)).rules(0)]
    assert len(bare) >= 2

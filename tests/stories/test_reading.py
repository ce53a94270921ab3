"""The total grammar: what is told is read back as the identical game, and every sentence counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prospect_env.core.errors import UnreadableText
from prospect_env.core.make import make_game
from prospect_env.stories.distractors import KINDS
from prospect_env.stories.frames import frames
from prospect_env.stories.narrator import Narrator, story
from prospect_env.stories.reading import read
from prospect_env.stories.telling import sentences
from tests.stories.told_games import told_games


@pytest.mark.parametrize("name", list(told_games()))
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_distractors_are_inert(name: str, data: st.DataObject) -> None:
    """Whatever story, variant and distractors: the game read back is the game told."""
    game = told_games()[name]
    narrator = story(
        game,
        data.draw(st.sampled_from(frames(game)), label="frame"),
        variant=data.draw(st.integers(0, 8), label="variant"),
        seed=data.draw(st.integers(0, 3), label="seed"),
        distractors=data.draw(st.integers(0, 12), label="distractors"),
        kind=data.draw(st.sampled_from(KINDS), label="kind"),
        turn=data.draw(st.integers(0, 3), label="turn"),
    )
    seat = data.draw(st.integers(0, game.spec.seats - 1), label="seat")
    text = narrator.rules(seat)
    assert read(text, narrator.story) == game
    assert all(sentence in text for _, sentence in narrator.story.distractors)


def told(variant: int = 3, frame: str = "business") -> tuple[Narrator, list[str]]:
    narrator = story(make_game("prisoners_dilemma", noise=0.1), frame, variant, distractors=2, kind="events")
    return narrator, sentences(narrator.rules(0))


PLANTED = [
    "{other} always defects.",
    "{other} always chooses {label}.",
    "The game ends early.",
    "player_1 chose defect.",
    "{other} chose {label}.",
    "{label}.",
    "Some sculptors prefer marble to {other}.",
    "Slabs of granite in Osaka weigh 42 kilograms and {other} is kind.",
    "There are at most 3 {rounds}.",
    "It lasts for at most 3 {rounds}.",
    "Two firms sell to the same customers.",
    "You are {other}.",
]


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("place", [0, 3, -1])
def test_planted_sentences_are_caught(planted: str, place: int) -> None:
    narrator, said = told()
    names = {"other": narrator.story.names[1], "label": narrator.labels[1], "rounds": narrator.story.word["round"].many}
    said.insert(place, planted.format(**names))
    with pytest.raises(UnreadableText):
        narrator.read("\n".join(said))


def test_the_sentence_is_named() -> None:
    narrator, said = told()
    planted = f"{narrator.story.names[1]} always defects."
    with pytest.raises(UnreadableText, match=planted):
        narrator.read("\n".join([*said, planted]))


def test_nothing_may_be_left_out_doubled_or_moved() -> None:
    narrator, said = told()
    idle = {sentence for _, sentence in narrator.story.distractors}
    for i, sentence in enumerate(said):
        if sentence in idle or "carried out" in sentence:
            continue
        rest = [*said[:i], *said[i + 1 :]]
        after = next(k for k in range(i, len(rest) + 1) if k == len(rest) or rest[k] not in idle)
        changed = {
            "left out": rest,
            "doubled": [*said[:i], sentence, *said[i:]],
            "moved": [*rest[: after + 1], sentence, *rest[after + 1 :]],
        }
        if after == len(rest):  # the last sentence: nothing follows that it could be moved behind
            del changed["moved"]
        for text in changed.values():
            with pytest.raises(UnreadableText):
                narrator.read("\n".join(text))
    assert narrator.read("\n".join(sentence for sentence in said if sentence not in idle)) == narrator.game


def test_a_modifier_more_or_less_is_another_game_and_its_text_tells_it() -> None:
    narrator, said = told()
    where = next(i for i, sentence in enumerate(said) if "carried out" in sentence)
    assert narrator.read("\n".join(said[:where] + said[where + 1 :])) == make_game("prisoners_dilemma")
    with pytest.raises(UnreadableText, match="has noise already"):
        narrator.read("\n".join(said[: where + 1] + said[where:]))


def test_another_number_is_another_game() -> None:
    narrator = story(make_game("prisoners_dilemma"))
    text = narrator.rules(0)
    assert narrator.read(text.replace("at most 10 rounds", "at most 12 rounds")) == make_game(
        "prisoners_dilemma", rounds=12
    )
    with pytest.raises(UnreadableText, match=r"10\.5"):
        narrator.read(text.replace("at most 10 rounds", "at most 10.5 rounds"))
    for other_form in ("010 rounds", "10.0 rounds", "10 round", "10 seasons"):
        with pytest.raises(UnreadableText):
            narrator.read(text.replace("10 rounds", other_form))


def test_a_text_is_told_to_one_seat() -> None:
    narrator = story(make_game("battle_of_the_sexes"), "ecology")
    assert narrator.read(narrator.rules(1)) == narrator.game
    one, two = (sentences(narrator.rules(seat)) for seat in (0, 1))
    with pytest.raises(UnreadableText, match="told to 2 of the seats"):
        narrator.read("\n".join(one + two))
    with pytest.raises(UnreadableText, match="told to 0 of the seats"):
        narrator.read("Nothing.")


def test_another_storys_sentences_are_not_read() -> None:
    game = make_game("chicken")
    for frame in frames(game)[1:]:
        with pytest.raises(UnreadableText):
            story(game).read(story(game, frame).rules(0))

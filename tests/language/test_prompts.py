"""Matches told in letters: prompts word for word, and what is told of the past."""

from __future__ import annotations

import pytest

from prospect_agents.language.asked import Asked as Question
from prospect_agents.language.asked import Moment, Note, Past
from prospect_agents.language.fake import FakeModel
from prospect_agents.language.formats import FORMATS, prompt_format
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.symbols import lettered
from prospect_env.core.make import make_game
from prospect_env.stories.plain import narrate

GAME = make_game("prisoners_dilemma", rounds=6, noise=0.1, termination_probability=0.05)
TELLING = lettered(GAME, 0, 0)
PAST = Past(tuple(Moment(pair) for pair in [(0, 1), (1, 1), (1, 0)]))
LOGS = [name for name in FORMATS if name != "story"]
RULES = """Two players choose A or B at the same time, again and again.
I choose A, they choose A: I get 3, they get 3.
I choose A, they choose B: I get 0, they get 5.
I choose B, they choose A: I get 5, they get 0.
I choose B, they choose B: I get 1, they get 1.
"""
TOLD = {
    ("reaction_log", False): "What I chose -> what they chose next:\nstart -> B\nA -> B\nB -> A\n|B ->",
    ("reaction_log", True): RULES + "What they chose -> what I chose next, for as many points as possible:\n"
    "start -> A\nB -> B\nB -> B\n|A ->",
    ("joint_log", False): "What I chose -> what they chose next:\nstart -> B\nA B -> B\nB B -> A\n|B A ->",
    ("round_log", False): RULES + "Round 1: they chose B, I chose A.\nRound 2: they chose B, I chose B.\n"
    "Round 3: they chose A, I chose B.\n|Round 4: they chose",
    ("round_log", True): RULES + "Round 1: they chose B, I chose A.\nRound 2: they chose B, I chose B.\n"
    "Round 3: they chose A, I chose B.\n|Round 4: I choose",
    ("sentences", False): RULES + "In round 1 I chose A and the other player chose B.\n"
    "In round 2 I chose B and the other player chose B.\nIn round 3 I chose B and the other player chose A.\n"
    "|In round 4 the other player chose",
}  # fmt: skip


def question(own: bool) -> Question:
    return Question(0 if own else 1, (0, 1), now=(0, 1))


@pytest.mark.parametrize(("name", "own"), list(TOLD))
def test_prompts_word_for_word(name: str, own: bool) -> None:
    told = prompt_format(name)
    segments = told.segments(TELLING, PAST, question(own))
    assert "".join(segments) + "|" + told.question(TELLING, PAST, question(own), 3) == TOLD[name, own]


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", LOGS)
def test_history_only_grows_and_may_be_cut_anywhere(name: str, own: bool) -> None:
    told, asked = prompt_format(name), question(own)
    whole = "".join(told.segments(TELLING, PAST, asked)) + told.question(TELLING, PAST, asked, 3)
    for cut in range(4):
        begun = told.segments(TELLING, Past(PAST.moments[:cut]), asked)
        assert begun == told.segments(TELLING, PAST, asked)[: len(begun)]
        assert "".join(begun) + told.question(TELLING, PAST, asked, cut) == whole


@pytest.mark.parametrize(
    ("name", "cue"),
    [
        ("reaction_log", "A ->"),
        ("joint_log", "A ? ->"),
        ("round_log", "Round 4: they chose ?, I chose A.\nRound 5: they chose"),
        ("sentences", "In round 4 I chose A and the other player chose ?.\nIn round 5 the other player chose"),
    ],
)
def test_what_comes_after_an_own_action_is_asked_without_the_move_that_is_not_seen_yet(name: str, cue: str) -> None:
    asked = Question(1, (0, 1), given=0, reactions=True, now=(0, 1))
    assert prompt_format(name).cue(TELLING, PAST, asked) == cue


@pytest.mark.parametrize(
    ("name", "note", "placebo"),
    [
        ("reaction_log", "(they will choose B now)\nA ->", "(the page is marked B now)\nA ->"),
        ("round_log", "Round 4: they will choose B, so I choose", "Round 4: the page is marked B, so I choose"),
        (
            "sentences",
            "In round 4 the other player will choose B. In round 4 I chose",
            "In round 4 the page is marked B. In round 4 I chose",
        ),
    ],
)
def test_notes_name_a_label_as_a_prediction_or_as_a_placebo(name: str, note: str, placebo: str) -> None:
    for said, blank in ((note, False), (placebo, True)):
        asked = Question(0, (0, 1), now=(0, 1), notes=(Note(1, 1, (0, 1), blank),))
        assert prompt_format(name).cue(TELLING, PAST, asked) == said


@pytest.mark.parametrize(
    ("name", "note", "placebo"),
    [
        (
            "reaction_log",
            "(if I choose A, they will then choose B)\nA ->",
            "(where one says A, the page is marked B)\nA ->",
        ),
        (
            "round_log",
            "Round 4: if I choose A, they will then choose B.\nRound 4: I choose",
            "Round 4: where one says A, the page is marked B.\nRound 4: I choose",
        ),
        (
            "sentences",
            "In round 4, if I choose A, the other player will then choose B.\nIn round 4 I chose",
            "In round 4, where one says A, the page here is then marked B.\nIn round 4 I chose",
        ),
    ],
)
def test_notes_on_reactions_name_the_own_action_too(name: str, note: str, placebo: str) -> None:
    for said, blank in ((note, False), (placebo, True)):
        asked = Question(0, (0, 1), now=(0,), notes=(Note(1, 1, (0, 1), blank, given=0),))
        assert prompt_format(name).cue(TELLING, PAST, asked) == said


def test_moves_of_this_step_stand_next_to_the_question_and_reactions_before() -> None:
    telling = lettered(make_game("volunteers_dilemma", seats=3), 0, 0)
    notes = (Note(1, 1, (0, 1)), Note(2, 0, (0, 1), given=0), Note(2, 1, (0, 1), given=1))
    asked = Question(0, (0, 1), now=(0, 1), notes=notes)
    assert prompt_format("round_log").cue(telling, Past(()), asked) == (
        "Round 1: if I choose A, player 3 will then choose A.\nRound 1: if I choose B, player 3 will then choose B.\n"
        "Round 1: player 2 will choose B, so I choose"
    )
    asked = Question(0, (0, 1), now=(0, 1), notes=(Note(2, 0, (0, 1), True, given=1),))
    assert prompt_format("round_log").cue(telling, Past(()), asked) == (
        "Round 1: where one says B, page 3 is then marked A.\nRound 1: I choose"
    )


def test_games_of_more_seats_name_the_players() -> None:
    game = make_game("volunteers_dilemma", seats=3, rounds=4)
    telling = lettered(game, 1, 0)
    past = Past((Moment((0, 1, 1)), Moment((1, 0, 1))))
    assert prompt_format("round_log").line(telling, past, 0, Question(2, (0, 1))) == (
        "Round 1: player 1 chose A, player 3 chose B, I chose B.\n"
    )
    log = prompt_format("reaction_log")
    asked = Question(2, (0, 1))
    assert log.opening(telling, asked) == "What I chose -> what player 3 chose next:\n"
    # Seat 1 did 1 (B), then seat 2 did 1 (B).
    assert log.line(telling, past, 1, asked) + log.cue(telling, past, asked) == "B -> B\nA ->"
    # What I do comes after what the others did: 0 and 1, in the order of seats.
    assert log.line(telling, past, 1, Question(1, (0, 1))) == "A B -> A\n"


def test_turns_are_told_as_choices_and_what_came_before_them() -> None:
    game = make_game("centipede", rounds=1, nodes=3)
    telling = lettered(game, 1, 0)
    # pass (1), pass (1), pass (1): the seats take turns, beginning with seat 0.
    past = Past((Moment((1, -1)), Moment((-1, 1)), Moment((1, -1))))
    asked = Question(0, (1, 2))
    log = prompt_format("reaction_log")
    lines = "".join(log.line(telling, past, at, asked) for at in range(3))
    assert lines == "start -> B\nB -> B\n"
    assert log.labels(telling, asked) == (" B", " C")


def test_the_other_seat_is_told_its_own_payoffs() -> None:
    game = make_game("matrix_game", payoffs=[[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    told = prompt_format("round_log").opening(lettered(game, 1, 0), question(True))
    assert "I choose A, they choose B: I get 6, they get 5.\n" in told


def test_payoffs_are_told_as_they_are_paid() -> None:
    # Scale 2 and shift 1 for both, then for the first seat alone scale 3: 3 (2 x 3 + 1) = 21, 2 x 3 + 1 = 7.
    game = make_game(make_game("prisoners_dilemma", affine=(2, 1)), affine=[[3, 0], [1, 0]])
    told = prompt_format("round_log").opening(lettered(game, 0, 0), question(True))
    assert "I choose A, they choose A: I get 21, they get 7.\n" in told
    assert "you cooperate, player_1 cooperate: you get 21, player_1 gets 7" in narrate(game, 0, 0, [0, 1])


@pytest.mark.parametrize(
    ("memory", "prompt"),
    [
        ("full", TOLD["joint_log", False]),
        (1, "What I chose -> what they chose next:\n|B B -> A\nB A ->"),
        (2, "What I chose -> what they chose next:\n|A B -> B\nB B -> A\nB A ->"),
        (9, TOLD["joint_log", False]),
        # After A came B (it follows what was done before it), after B came A.
        (
            "counts",
            "What I chose -> what they chose next:\n|So far, after A: B once.\n"  # noqa: ISC004
            "So far, after B: A once.\nB B -> A\nB A ->",
        ),
    ],
)
def test_what_is_remembered_of_the_past(memory: str | int, prompt: str) -> None:
    predictor = LanguagePredictor(FakeModel(), "joint_log", memory=memory)
    query = predictor.told(GAME, 0, 0, PAST.moments, question(False))
    whole = "".join(query.context) + query.tail
    assert whole == prompt.replace("|", "")
    assert whole.endswith(query.tail)


def test_chat_asks_for_a_label_alone_and_what_is_written_first_comes_first() -> None:
    predictor = LanguagePredictor(FakeModel(), "round_log", style="chat", preamble="Play well.\n")
    query = predictor.told(GAME, 0, 0, PAST.moments, question(True))
    assert query.chat
    assert query.labels == ("A", "B")
    # One segment with the rules, so that a model which leaves out what is old keeps both.
    assert query.context[0] == "Play well.\n" + RULES
    assert query.tail == "Round 4: I choose ...\nHow does the last line go on: A or B? Answer with the letter alone."

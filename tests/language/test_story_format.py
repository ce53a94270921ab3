"""Matches told in a story: prompts word for word, labels in the order of actions, and what cannot be told so."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from prospect_agents.language.asked import Asked as Question
from prospect_agents.language.asked import Moment, Note, Past
from prospect_agents.language.formats import prompt_format
from prospect_agents.language.model import load_model
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.story_format import StoryFormat, begun
from prospect_env.arena.play import play
from prospect_env.core.errors import BadParameter, UnknownName
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from tests.language.test_policy import Asked
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards

GAME = make_game("prisoners_dilemma", rounds=4)
MOMENTS = (Moment((0, 1)), Moment((1, 1)), Moment((1, 0)))
TOLD = StoryFormat(scale=2, shift=1)
RULES = """\
Two players meet again and again. In each round both choose at once, without seeing what the other chooses, and then \
learn what was done.
You are Ann, and the other player is Bob.
You may choose cooperate or defect.
If you choose cooperate and Bob chooses cooperate, you get 7 points and Bob gets 7 points.
If you choose cooperate and Bob chooses defect, you get 1 point and Bob gets 11 points.
If you choose defect and Bob chooses cooperate, you get 11 points and Bob gets 1 point.
If you choose defect and Bob chooses defect, you get 3 points and Bob gets 3 points.
There are at most 4 rounds.
Your aim is to collect as much as you can.
"""
HISTORY = """\
You chose cooperate.
Bob chose defect.
You chose defect.
Bob chose defect.
You chose defect.
Bob chose cooperate.
"""


def prompt(told: StoryFormat, own: bool, start: int = 3, said: int | None = None, seat: int = 0, match: int = 0) -> str:
    telling = told.telling(GAME, seat, match)
    notes = () if said is None else (Note(1 - seat, said, (0, 1)),)
    asked = Question(seat if own else 1 - seat, (0, 1), now=(0, 1), notes=notes)
    begun = told.segments(telling, Past(MOMENTS[:start]), asked)
    return "".join(begun) + told.question(telling, Past(MOMENTS), asked, start)


@pytest.mark.parametrize("start", range(4))
def test_prompts_word_for_word_wherever_the_context_ends(start: int) -> None:
    assert prompt(TOLD, False, start) == RULES + HISTORY + "What will Bob do now: cooperate or defect?\nBob chose"
    asked = "What do you choose now: cooperate or defect?\nYou chose"
    assert prompt(TOLD, True, start) == RULES + HISTORY + asked
    foreseen = "What will Bob do now: cooperate or defect?\nBob chose defect.\n"
    assert prompt(TOLD, True, start, said=1) == RULES + HISTORY + foreseen + asked


def test_the_other_seat_is_told_its_own_side() -> None:
    told = prompt(TOLD, False, seat=1)
    assert "You are Bob, and the other player is Ann." in told
    rounds = ["Ann chose cooperate.", "You chose defect.", "Ann chose defect.", "You chose defect."]
    assert "\n".join([*rounds, "Ann chose defect.", "You chose cooperate.", "What will"]) in told
    assert told.endswith("What will Ann do now: cooperate or defect?\nAnn chose")


def test_matches_list_options_in_turned_order_and_labels_stay_with_actions() -> None:
    for match, order in [(0, "cooperate or defect"), (1, "defect or cooperate"), (2, "cooperate or defect")]:
        assert f"You may choose {order}." in prompt(TOLD, True, match=match)
        assert prompt(TOLD, False, match=match).endswith(f"do now: {order}?\nBob chose")
        assert TOLD.labels(TOLD.telling(GAME, 0, match), Question(1, (0, 1))) == (" cooperate", " defect")


def test_labels_are_scored_in_the_order_of_actions() -> None:
    model = Asked(0.7)
    policy = LanguagePolicy(LanguagePredictor(model, "story:frame=symbols"), "direct")
    episodes = play(GAME, [policy, "tit_for_tat"], episodes=2)
    # The first label is the first action's, in whatever order the options are listed.
    assert {query.labels for query in model.queries} == {(" X", " Y")}
    listed = {"X or Y" if "X or Y?" in query.tail else "Y or X" for query in model.queries}
    assert listed == {"X or Y", "Y or X"}
    assert np.allclose(episodes.probs[:, :, 0], [0.7, 0.3])  # type: ignore[index]


def test_a_policy_chooses_and_forecasts_by_the_labels_of_its_story() -> None:
    made = make_policy(
        "lm:model=fake,mode=scot,format=(story:frame=business,variant=2,distractors=3,kind=events,seed=5)"
    )
    episodes = play(GAME, [made, "tit_for_tat"], episodes=4)
    narrator = prompt_format("story:frame=business,variant=2,seed=5").telling(GAME, 0, 0).narrator  # type: ignore[attr-defined]
    # What both labels begin with belongs to the cue: "plan Centre" and "plan Coast" differ in the second word.
    assert {call.labels for call in episodes.calls} == {tuple(f" {label.split()[1]}" for label in narrator.labels)}
    assert {call.purpose for call in episodes.calls} == {"own choice", "own forecast", "other's choice"}
    assert np.allclose(episodes.forecast[:, :, 0, 0].sum(axis=-1), 1)  # type: ignore[index]
    rules = next(call.prompt for call in episodes.calls if call.purpose == "other's choice")
    assert narrator.read(rules.split("\nWhat will")[0].split("\nYou went")[0]) == GAME


def test_shuffling_moves_the_lines_of_what_happened_and_nothing_else() -> None:
    shuffled = StoryFormat(scale=2, shift=1, shuffled=True)
    told, plain = prompt(shuffled, False), prompt(TOLD, False)
    assert told != plain
    assert told.startswith(RULES)
    assert sorted(told.splitlines()) == sorted(plain.splitlines())
    assert told == prompt(shuffled, False)
    # Only the first two rounds happened; the third is imagined, and told last.
    assert HISTORY.splitlines(keepends=True)[4:] == prompt(shuffled, False, 2).splitlines(keepends=True)[-4:-2]


def test_formats_can_be_pickled() -> None:
    TOLD.telling(GAME, 0, 0)
    assert prompt(pickle.loads(pickle.dumps(TOLD)), True) == prompt(TOLD, True)  # noqa: S301 - made here


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("story:frame=opera", UnknownName, "opera"),
        ("story:variant=-1", BadParameter, "variant is -1"),
        ("story:colour=red", BadParameter, "colour"),
        ("story:scale=0", BadParameter, "scale is 0; it must be a whole number, 1 or more"),
        ("story:shift=-1", BadParameter, "shift is -1; it must be a whole number, 0 or more"),
        ("story:shuffled=often", BadParameter, "shuffled"),
        ("story:kind=jokes,distractors=1", UnknownName, "jokes"),
        ("reaction_log:frame=business", BadParameter, "takes no parameters"),
        ("ballad", UnknownName, "ballad"),
    ],
)
def test_bad_stories_are_refused_before_the_first_step(spec: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        play(GAME, [f"lm:model=fake,format=({spec})", "random"])


def told_of(game: Game, asked: Question, seat: int = 0, moments: tuple[Moment, ...] = (), **words: Any) -> str:
    told = StoryFormat(**words)
    telling = told.telling(game, seat, 0)
    text = "".join(told.segments(telling, Past(moments), asked)[1:]) + told.question(telling, Past(moments), asked, 99)
    return f"{text}|{'|'.join(told.labels(telling, asked))}"


def test_turns_labels_and_reactions_of_any_game() -> None:
    trust = make_game("trust", rounds=2)
    # Investors send, trustees return: the lines of what one may do now begin alike, and labels are how they go on.
    first = next(a for a, label in enumerate(trust.spec.actions) if label.startswith("send"))
    asked = Question(0, (first, first + 1), now=(0,))
    assert told_of(trust, asked) == "What do you do now: send 0% or send 50%?\nYou chose to send| 0%| 50%"
    beauty = make_game("beauty_contest", seats=3, high=4)
    coarse = Question(1, (0, 3), given=2, reactions=True, now=(0, 1, 2))
    assert (
        told_of(beauty, coarse)
        == "If you guess 2 now, what is to be expected of Bob next: 0 or 3 to 4?\nAnswer:| 0| 3 to 4"
    )


def test_labels_that_would_begin_one_another_keep_their_full_stop() -> None:
    game = make_game("beauty_contest", seats=3, high=10)
    asked = Question(0, (1, 10), now=(0, 1, 2))
    assert told_of(game, asked).endswith("You guessed| 1.| 10.")
    # Where a full stop may be a decimal point, the line's end tells labels apart.
    assert begun(["I say 0.", "I say 0.5."]) == ("I say", (" 0.\n", " 0.5.\n"))
    # In a conversation there is no line to end: answers are put in quotation marks.
    told = StoryFormat()
    telling = told.telling(game, 0, 0)
    assert told.replies(telling, asked) == ('"1"', '"10"')
    assert told.plea(telling, Past(()), asked).endswith("Answer with that alone, in quotation marks.")
    assert told.replies(telling, Question(0, (1, 2), now=(0, 1, 2))) == ("1", "2")


@pytest.mark.model
@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("name", sorted(GAME_PARAMETERS))
def test_no_label_of_any_game_begins_another_in_the_tokens_of_a_real_model(name: str, chat: bool, real: str) -> None:
    model = load_model(real)
    # The defaults: games as users meet them, with all their actions.
    game = make_game(name)
    told = StoryFormat()
    telling = told.telling(game, 0, 0)
    spec = game.spec
    coarse = not spec.reactions_are_actions
    for asked in (
        Question(0, tuple(range(len(spec.actions))), now=(0,)),
        Question(1, tuple(range(len(spec.reactions))), given=0, reactions=coarse, now=(0, 1)),
    ):
        labels = told.replies(telling, asked) if chat else told.labels(telling, asked)
        tokens = [model.encode(label) for label in labels]  # type: ignore[attr-defined]
        assert not [1 for a in tokens for b in tokens if a != b and b[: len(a)] == a]


def test_announcements_and_free_texts_are_told() -> None:
    game = make_game("prisoners_dilemma", announcements=True, rounds=2)
    speak = [game.spec.actions.index(f"say {label}") for label in ("cooperate", "defect")]
    moments = (Moment((speak[0], speak[1]), ("Let us both win.", "")), Moment((0, 1), ("", "Sorry!")))
    text = told_of(game, Question(1, tuple(speak), now=(0, 1)), moments=moments)
    assert text.startswith(
        'You announced cooperate.\nBob announced defect.\nYou said: "Let us both win."\n'
        'You chose cooperate.\nBob chose defect.\nBob said: "Sorry!"\n'
    )
    assert text.endswith("\nBob announced| cooperate| defect")


def test_where_things_stand_is_told_with_the_question() -> None:
    game = make_game("commons", seats=2, rounds=3)
    asked = Question(1, (0, 1), now=(0, 1), situation=(("stock", 60.0),))
    assert told_of(game, asked).startswith("The stock is now 60 points.\nWhat will Bob do now:")


def test_a_placebo_has_the_form_of_a_prediction() -> None:
    for placebo, line in [
        (False, "What will Bob do now: cooperate or defect?\nBob chose defect.\n"),
        (True, "What marks Bob's page: cooperate or defect?\nBob's is defect.\n"),
    ]:
        asked = Question(0, (0, 1), now=(0, 1), notes=(Note(1, 1, (0, 1), placebo),))
        assert told_of(GAME, asked).startswith(line)


def test_a_reaction_is_a_line_of_its_own_and_so_is_its_placebo() -> None:
    trust = make_game("trust", rounds=2)
    for placebo, line in [
        (False, "If you choose to send 50% now, what will Bob do next? Bob chose to return 66.7%.\n"),
        (True, "Where one page now says send 50%, what marks Bob's page? Bob's is return 66.7%.\n"),
    ]:
        asked = Question(0, (1, 2, 3), now=(0,), notes=(Note(1, 6, (4, 5, 6), placebo, given=2),))
        told = told_of(trust, asked)
        assert told.startswith(f"{line}What do you do now: send 0%, send 50% or send 100%?\n")


def test_games_without_frames_are_refused() -> None:
    with pytest.raises((UnknownName, BadParameter)):
        play(Cards(), ["lm:model=fake,format=story", "random", "random"])
    # A matrix game with more options than any frame has labels for.
    wide = make_game("matrix_game", payoffs=np.zeros((12, 12, 2)).tolist())
    with pytest.raises(BadParameter, match="frames that fit"):
        play(wide, ["lm:model=fake,format=(story:frame=business)", "random"])


def test_a_board_is_told_as_the_seat_sees_it() -> None:
    game = make_game("cleanup", seats=2, map="small", steps=4, view=[2, 1, 1], window=2)
    episodes = play(game, ["lm:model=fake,mode=direct,format=story,forecast=false", "random"], max_steps=1)
    (call,) = episodes.calls
    # Two cells ahead, one behind and one to each side: four rows of three, oneself in the third.
    _, _, after = call.prompt.partition("This is what you see:\n")
    rows = after.splitlines()[:4]
    assert [len(row) for row in rows] == [3, 3, 3, 3]
    assert rows[2][1] == "@"
    assert after.splitlines()[4].startswith("What do you choose now: ")

"""Questions about a game before play: right answers follow from the rules, guesses get what chance gets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from prospect_agents.language import quiz
from prospect_agents.language.comprehension import Comprehension, comprehend, wilson
from prospect_agents.language.fake import FakeModel
from prospect_agents.language.formats import PromptFormat, prompt_format
from prospect_agents.language.model import Query, Scored
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.quiz import KINDS, Question
from prospect_agents.language.scenes import scenes
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from tests.samples import GAME_PARAMETERS

GAME = make_game("prisoners_dilemma", rounds=8)


class Answering:
    """Says the label that `choose` chooses, with probability .9 of .5 in all."""

    identity = "answering"

    def __init__(self, choose: Callable[[Query], int]) -> None:
        self.choose, self.asked = choose, 0

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.asked += len(queries)
        return [Scored(self._logprobs(query), 5, 0, 1, 0.0) for query in queries]

    def _logprobs(self, query: Query) -> np.ndarray:
        shares = np.full(len(query.labels), 0.1 / (len(query.labels) - 1))
        shares[self.choose(query)] = 0.9
        return np.log(0.5 * shares)


def knowing(asked: Sequence[Question]) -> Answering:
    """A model that knows the answers."""
    right = {question.query: question.right for question in asked}
    return Answering(lambda query: right[query])


def questions(game: Game, seat: int, told: PromptFormat, **how: Any) -> list[Question]:
    """What is asked of a seat that is told so; `style`, `preamble` and `memory` are those of its predictor."""
    telling = {key: how.pop(key) for key in ("style", "preamble", "memory") if key in how}
    return quiz.questions(LanguagePredictor(FakeModel(), told, **telling), game, seat, **how)


def asked_of(name: str, each: int = 12, **parameters: object) -> list[Question]:
    game = make_game(name, **GAME_PARAMETERS[name] | parameters)
    return questions(game, 0, prompt_format("story"), each=each)


def answer(question: Question) -> str:
    return question.query.labels[question.right].strip()


def test_questions_word_for_word() -> None:
    told = ("round_log", "story")
    asked = [questions(GAME, 0, prompt_format(name), each=4) for name in told]
    log, story = [
        [each.query.tail.removeprefix("Question: ").removesuffix("?\nAnswer:") for each in some] for some in asked
    ]
    assert log == [
        "May I choose A now: yes or no",
        "How many players are there in all: 2, 3 or 4",
        "May I choose A now: no or yes",
        "May I choose E now: yes or no",
        "Suppose that this happens now. I choose B, they choose A. What does it bring me: 5, 0, 3 or 1",
        "Suppose that this happens now. They choose A. What is the most that it can bring me: 1, 0, 3 or 5",
        "Suppose that this happens now. I choose B, they choose B. What does it bring me: 3, 1, 0 or 5",
        "Suppose that this happens now. They choose B. What is the least that it can bring me: 0, 3, 1 or 5",
        "What did they choose the 3rd time: A or B",
        "How often did they choose A so far: 2, 3 or 4",
        "What did they choose the 1st time: B or A",
        "How often did they choose B so far: 2, 3 or 4",
    ]
    assert story[2] == "How many rounds are left, the present one included: 5, 6 or 7"
    assert story[4] == (
        "Suppose that this happens now. You chose defect. Bob chose cooperate. What does it bring you: 5 points, "
        "0 points, 3 points or 1 point"
    )
    assert story[9] == "How often did Bob choose defect so far: 2, 3 or 4"
    assert asked[0][0].query.labels == (" yes", " no")


def test_chat_asks_for_the_answer_alone() -> None:
    asked = questions(GAME, 0, prompt_format("round_log"), style="chat", preamble="Think.\n", each=2)
    assert all(question.query.chat for question in asked)
    assert all(question.query.context[0].startswith("Think.\nTwo players") for question in asked)
    assert asked[0].query.tail == "Question: May I choose A now: yes or no?\nAnswer with that alone."
    assert asked[0].query.labels == ("yes", "no")


def test_payoffs_are_those_that_the_text_tells() -> None:
    asked = [
        question for question in questions(GAME, 0, prompt_format("round_log"), each=24) if question.kind == "payoffs"
    ]
    assert len(asked) == 24
    for question in asked:
        told = dict(re.findall(r"(I choose \w, they choose \w): I get (\d)", question.query.context[0]))
        happens = re.search(r"now\. (.*)\. What", question.query.tail)[1].lower()  # type: ignore[index]
        pays = [pay for way, pay in told.items() if happens in way.lower()]
        assert len(pays) == (1 if "What does" in question.query.tail else 2)
        assert answer(question) == (min(pays) if "least" in question.query.tail else max(pays))


def test_payoffs_of_stories_are_told_in_their_amounts() -> None:
    told = prompt_format("story:frame=business,variant=3")
    asked = [question for question in questions(GAME, 0, told, each=16) if question.kind == "payoffs"]
    # An affine map of 5, 3, 1, 0: times 3 plus 5.
    assert {answer(question) for question in asked} == {f"{amount} thousand dollars" for amount in (20, 14, 8, 5)}


def test_history_is_what_the_text_tells() -> None:
    asked = [
        question for question in questions(GAME, 0, prompt_format("round_log"), each=24) if question.kind == "history"
    ]
    for question in asked:
        text = "".join(question.query.context)
        who = "I" if " I choose" in question.query.tail else "they"
        done = re.findall(rf"{who} chose (\w)", text)
        time = re.search(r"the (\d)\w\w time", question.query.tail)
        often = re.search(r"choose (\w) so far", question.query.tail)
        expected = done[int(time[1]) - 1] if time else str(done.count(often[1]))  # type: ignore[index]
        assert answer(question) == expected, (text, question.query.tail)


@pytest.mark.parametrize("memory", [1, 3])
def test_a_short_memory_is_asked_of_what_it_is_told(memory: int) -> None:
    asked = questions(GAME, 0, prompt_format("round_log"), each=36, memory=memory)
    cut = Counter[str]()
    for question in (each for each in asked if each.kind == "history"):
        told = re.findall(r"Round (\d+): they chose (\w), I chose (\w)", "".join(question.query.context))
        assert len(told) <= memory
        if told[0][0] == "1":
            continue
        done = [own if " I choose" in question.query.tail else theirs for _, theirs, own in told]
        nth = re.search(r"the (?:(\d)\w\w to )?last time:", question.query.tail)
        often = re.search(r"choose (\w) the last (\d) times:", question.query.tail)
        if nth:
            assert answer(question) == done[-int(nth[1] or 1)]
        else:
            assert often is not None, question.query.tail
            assert len(done) == int(often[2]) > 1
            assert answer(question) == str(done.count(often[1]))
        cut["nth" if nth else "often"] += 1
    assert set(cut) == ({"nth"} if memory == 1 else {"nth", "often"})


def test_counted_memories_are_asked_of_their_counts() -> None:
    asked = questions(GAME, 0, prompt_format("round_log"), each=36, memory="counts")
    seen = 0
    for question in asked:
        sums = dict(re.findall(r"So far, after (\w): (.*)\.\n", question.query.tail))
        often = re.search(r"choose (\w) after (\w) so far", question.query.tail)
        assert bool(often) <= bool(sums)
        if often:
            counts = dict(re.findall(r"(\w) (once|\d)", sums[often[2]]))
            assert answer(question) == counts[often[1]].replace("once", "1")
            seen += 1
    assert seen > 6


def test_rounds_left_are_not_asked_where_those_that_are_over_are_not_told() -> None:
    def left(**memory: Any) -> list[Question]:
        asked = questions(GAME, 0, prompt_format("story"), each=36, **memory)
        return [question for question in asked if "rounds are left" in question.query.tail]

    assert max("".join(each.query.context).count("Bob chose") for each in left()) > 2
    for question in left(memory=2):
        over = "".join(question.query.context).count("Bob chose")
        # Of longer histories two rounds are told, and nothing says that there were more.
        assert answer(question) == str(8 - over)


def test_rounds_left_are_those_not_told_yet() -> None:
    asked = [question for question in asked_of("prisoners_dilemma", 36) if "rounds are left" in question.query.tail]
    for question in asked:
        assert answer(question) == str(6 - "".join(question.query.context[1:]).count("Bob chose"))
    assert len(set(map(answer, asked))) > 2


def test_what_may_be_chosen_depends_on_whose_move_it_is() -> None:
    game = make_game("trust", rounds=4, roles="alternating")
    found = Counter[tuple[bool, bool]]()
    for question in questions(game, 0, prompt_format("story"), each=48):
        may = re.search(r"Question: May you choose (.*) now: ", question.query.tail)
        if may:
            # Whoever has just been sent something returns; a seat that is to choose and has not, sends.
            last = question.query.context[-1]
            returns = last.startswith("Bob chose to send") and "0%" not in last.replace("50%", "").replace("100%", "")
            assert (answer(question) == "yes") == may[1].startswith("return" if returns else "send"), question
            found[returns, answer(question) == "yes"] += 1
    assert len(found) == 4
    assert abs(found[True, True] + found[False, True] - found[True, False] - found[False, False]) <= 2


def test_what_cannot_be_told_is_not_asked() -> None:
    log = prompt_format("reaction_log")
    three = questions(make_game("public_goods", **GAME_PARAMETERS["public_goods"]), 0, log)
    # Letters do not say what giving pays.
    assert {question.kind for question in three} == {"rules", "history"}
    assert not any("rounds are left" in question.query.tail for question in questions(GAME, 0, log))
    # With hidden values what one gets does not follow from what is seen.
    assert {question.kind for question in asked_of("bargaining")} <= {"rules", "history"}
    ending = asked_of("prisoners_dilemma", termination_probability=0.1)
    assert not any("rounds are left" in question.query.tail for question in ending)


@pytest.mark.parametrize("format", ["reaction_log", "story"])
@pytest.mark.parametrize("name", sorted(GAME_PARAMETERS))
def test_every_game_that_can_be_told_can_be_asked_about(name: str, format: str) -> None:
    game, told = make_game(name, **GAME_PARAMETERS[name]), prompt_format(format)
    for seat in {0, game.spec.seats - 1}:
        if game.spec.events and format == "reaction_log":
            with pytest.raises(UnsuitablePolicy, match="use format=story"):
                questions(game, seat, told)
            continue
        asked = questions(game, seat, told, each=6)
        assert {"rules", "history"} <= {question.kind for question in asked}
        assert asked == questions(game, seat, told, each=6)
        for _, query, right in asked:
            assert 0 <= right < len(query.labels) >= 2
            # No label begins another, or it would be counted with it.
            assert not any(a != b and b.startswith(a) for a in query.labels for b in query.labels)
        found = comprehend(LanguagePredictor(knowing(asked), format), game, seat, each=6)
        assert found.score().share == 1


def test_no_question_is_asked_twice() -> None:
    asked = questions(make_game("prisoners_dilemma", rounds=2), 0, prompt_format("reaction_log"), each=40)
    assert len({question.query for question in asked}) == len(asked)
    # There are no more: of one or two rounds there is little to ask.
    assert Counter(question.kind for question in asked)["history"] < 40


def test_favourites_get_what_guessing_gets() -> None:
    for choose in (lambda _: 0, lambda query: len(query.labels) - 1, _least, _largest):
        found = comprehend(Answering(choose), GAME, each=96)
        for score in found.scores:
            assert score.share == pytest.approx(score.chance, abs=0.08), score


def _least(query: Query) -> int:
    """A, 0 or `no`, if it can."""
    return query.labels.index(min(query.labels))


def _largest(query: Query) -> int:
    return query.labels.index(max(query.labels))


def test_scores_by_hand() -> None:
    # 8 of 10: centre .8 + 3.8415/20 = .9921, half 1.96 sqrt(.16/10 + 3.8415/400) = .3136; over 1 + .38415.
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    found = comprehend(knowing(questions(GAME, 0, prompt_format("reaction_log"))), GAME)
    every = found.score()
    assert (every.kind, every.number, every.share, every.high) == ("all", 36, 1.0, 1.0)
    assert every.probability == pytest.approx(0.9)
    assert every.mass == pytest.approx(0.5)
    # A log does not say how many rounds there are: 8 questions are about what may be chosen, 4 about players.
    assert found.score("rules").chance == pytest.approx((8 / 2 + 4 / 3) / 12)
    assert found.kinds == KINDS


def test_scenes_are_moments_of_matches_that_go_on() -> None:
    game = make_game("prisoners_dilemma", rounds=4, termination_probability=0.3)
    drawn = scenes(game, 0, 30, 6, 0)
    assert {len(scene.moments) for scene in drawn} == {0, 1, 2, 3}
    assert all(scene.active == (0, 1) for scene in drawn)
    assert [scene.moments for scene in drawn] == [scene.moments for scene in scenes(game, 0, 60, 6, 0)[:30]]


@pytest.mark.parametrize(
    ("keywords", "error"),
    [({"seat": 2}, BadParameter), ({"each": 0}, BadParameter), ({"steps": 0}, BadParameter)],
)
def test_bad_parameters(keywords: dict[str, int], error: type[Exception]) -> None:
    with pytest.raises(error):
        comprehend(FakeModel(), GAME, **keywords)


def test_what_has_no_language_model_cannot_be_asked() -> None:
    with pytest.raises(UnsuitablePolicy, match="random has no language model"):
        comprehend("random", GAME)
    with pytest.raises(BadParameter, match=r"gate is 1\.5"):
        comprehend("lm:model=fake,gate=1.5", GAME)
    found = comprehend("lm:model=fake,format=story,style=chat,talk=true", "stag_hunt:rounds=3", each=2)
    assert isinstance(found, Comprehension)
    assert (found.game, found.format, found.style) == ("stag_hunt", "story", "chat")

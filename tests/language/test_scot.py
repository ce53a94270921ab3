"""What `scot` writes before its question: moves of those who choose now, reactions of those who act later, no ties."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pytest

from prospect_agents.language.asked import Note
from prospect_agents.language.model import Query, Scored
from prospect_agents.language.notes import noted
from prospect_agents.language.policy import LanguagePolicy
from prospect_agents.language.predictor import LanguagePredictor
from prospect_agents.language.questions import own_choices
from prospect_agents.language.visits import Visit, visits
from prospect_env.arena.play import play
from prospect_env.arena.swaps import return_audit, swapped
from prospect_env.core.forecast import one_hot, uniform
from prospect_env.core.game import Game
from prospect_env.core.make import make_game
from tests.language.test_policy import Asked, played

TRUST = make_game("trust", rounds=2)
RETURN = (4, 5, 6)  # what the trustee may do; 1, 2 and 3 are the investor's


class Heeding:
    """Sends what it is written that most comes back for, else nothing; holds that nothing comes back."""

    identity = "heeding"

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        return [self._score(query) for query in queries]

    def _score(self, query: Query) -> Scored:
        found = re.search(
            r"If you choose to send (\S+) now, what will Bob do next\? Bob chose to return 66.7%", query.tail
        )
        said = np.array([0.9 if found and label == f" {found[1]}" else 0.01 for label in query.labels])
        said[0] += 0.05
        return Scored(np.log(said / said.sum()), 10, 0, 1, 0.0)


def choices_asked(
    game: str | Game, mode: str, other: str, format: str = "reaction_log", **keywords: object
) -> list[str]:
    """What the model is asked of its own choices in one match, as far as it follows the history; by step."""
    spec = make_game(game).spec
    policy = LanguagePolicy(LanguagePredictor("fake", format), mode)
    found = play(game, [policy, *[other] * (spec.seats - 1)], 1, **keywords)  # type: ignore[arg-type]
    return [call.prompt for call in found.calls if call.purpose == "own choice" and not call.imagined]


def opening(game: Game, other: str = "random", step: int = 0, seat: int = 0) -> Visit:
    """Where two matches stand before `seat` at a step."""
    policy = LanguagePolicy(LanguagePredictor("fake"), "direct")
    return next(visits(policy, game, other, np.arange(2), steps=(step,), seat=seat))


def test_scot_writes_down_the_likeliest_prediction_and_what_it_is_fed() -> None:
    def written(**keywords: object) -> set[str]:
        model = Asked(0.3)
        played(LanguagePolicy(LanguagePredictor(model, "round_log"), "scot"), episodes=1, **keywords)
        own = [
            query.tail for query in model.queries if "so I choose" in query.tail or query.tail.endswith(": I choose")
        ]
        return {tail.split("they will choose ")[1][0] if "they will" in tail else "-" for tail in own}

    # In match 0 action 0 is A and action 1 is B. It says B with .7; the oracle knows that tit for tat starts with A.
    assert "B" in written()
    assert "A" not in written()
    assert "A" in written(feeds={0: "oracle"})
    # Fed one half, nothing is likeliest and nothing is written.
    assert written(feeds={0: "uniform"}, commit=False) == {"-"}


def test_in_games_by_turns_the_reaction_to_each_own_action_is_written() -> None:
    prompts = choices_asked(TRUST, "scot", "reciprocal_trustee", feeds={0: "oracle"})
    # Action 1 sends nothing (B), which ends the round: nobody reacts. Half (C) is answered with a third (F), all (D)
    # with two thirds (G).
    notes = "(if I choose C, they will then choose F)\n(if I choose D, they will then choose G)\n"
    assert prompts[0].endswith(f"next, for as many points as possible:\n{notes}start ->")


def test_where_its_forecast_is_a_tie_it_is_asked_as_in_direct() -> None:
    for game in (TRUST, make_game("chicken", rounds=2)):
        plain = choices_asked(game, "direct", "always:action=1", max_steps=1)
        assert choices_asked(game, "scot", "always:action=1", max_steps=1, feeds={0: "uniform"}, commit=False) == plain
        assert choices_asked(game, "scot", "always:action=1", max_steps=1) != plain


def test_another_forecast_changes_what_it_does_in_games_by_turns() -> None:
    policy = LanguagePolicy(LanguagePredictor(Heeding(), "story"), "scot", temperature=0)
    feeds = ("own", "uniform", "oracle")
    played_ = swapped(policy, TRUST, ["reciprocal_trustee"], episodes=2, feeds=feeds)
    prompts = [{call.prompt for call in played_[0][feed].calls if call.purpose == "own choice"} for feed in feeds]
    assert prompts[0] != prompts[1] != prompts[2] != prompts[0]
    own, nothing, oracle = return_audit(played_)
    # It foresees that nothing comes back and keeps all, as without a forecast. The truth is that two thirds of 30 come
    # back for 10: 10 a round for it, and as much for the trustee.
    assert (own["return"].value, nothing["gain"].value) == (0, 0)
    assert oracle["gain"].value == pytest.approx(20, abs=1e-4)
    assert oracle["others_gain"].value == pytest.approx(20, abs=1e-4)


def test_rows_that_the_rules_make_meaningless_are_never_written() -> None:
    view, luck = opening(TRUST)[1:3]
    # Whatever is forecast: that the trustee sends all (3), now and next. It does not choose now, and cannot do that.
    probs = np.broadcast_to(one_hot(np.array(3), 7), (2, 2, 7, 2, 7))
    assert [row.asked.notes for row in noted(own_choices(view), view, luck, probs)] == [(), ()]
    # The last of its reactions (6) is written where it reacts at all: after half and all, not after nothing.
    probs = np.broadcast_to(one_hot(np.array(6), 7), (2, 2, 7, 2, 7))
    written = (Note(1, 6, RETURN, given=2), Note(1, 6, RETURN, given=3))
    assert [row.asked.notes for row in noted(own_choices(view), view, luck, probs)] == [written] * 2


def test_who_moves_last_foresees_what_the_next_round_brings() -> None:
    # The trustee of a first round of two is followed by the investor, who sends; that of the last one by nobody.
    for step, expected in ((1, dict.fromkeys(RETURN, 3)), (3, {})):
        view, luck = opening(TRUST, "always:action=3", step, seat=1)[1:3]
        probs = np.broadcast_to(one_hot(np.array(3), 7), (2, 2, 7, 2, 7)).copy()
        for row in noted(own_choices(view), view, luck, probs):
            assert {note.given: note.reaction for note in row.asked.notes} == expected


@pytest.mark.parametrize("announcements", [False, True])
def test_those_who_choose_now_and_those_who_react_are_told_apart(announcements: bool) -> None:
    game = make_game("audit", workers=2, rounds=2, announcements=announcements)
    view, luck = opening(game)[1:3]
    first, second, *_ = np.flatnonzero(view.legal[0])
    reaction = game.spec.actions.index("say audit player_0" if announcements else "audit player_0")
    probs = uniform((2, *game.spec.forecast_shape))
    # Workers choose now and the overseer after them. Who announces moves next, too, but of that nothing is written.
    probs[:, 0, :, 1] = one_hot(np.array(first), len(game.spec.actions))
    probs[:, 1, :, 1] = one_hot(np.array(1), len(game.spec.actions))
    probs[:, 1, [first, second], 2] = one_hot(np.array(reaction), len(game.spec.actions))
    for row in noted(own_choices(view), view, luck, probs):
        now, *later = row.asked.notes
        assert (now.about, now.reaction, now.given) == (1, first, None)
        assert [(note.about, note.reaction, note.given) for note in later] == [
            (2, reaction, first),
            (2, reaction, second),
        ]


def test_where_all_choose_at_once_no_reaction_is_written() -> None:
    view, luck = opening(make_game("chicken", rounds=3))[1:3]
    probs = np.broadcast_to(one_hot(np.array(1), 2), (2, 2, 2, 2, 2))
    assert [row.asked.notes for row in noted(own_choices(view), view, luck, probs)] == [(Note(1, 1, (0, 1)),)] * 2


@pytest.mark.parametrize(
    ("name", "other", "format", "note"),
    [
        # The claim of action 10 is a high one, as those of actions 9 and 11 are: J, K and L in match 0.
        ("travellers_dilemma", "always:action=10", "reaction_log", "\n(they will choose J, K or L now)\n"),
        ("travellers_dilemma", "always:action=10", "story", "or the highest claim?\nAnswer: a high claim\nWhat do you"),
        ("travellers_dilemma", "always:action=12", "joint_log", "\n(they will choose M now)\n"),
        ("coin_game", "always:action=0", "story", "or take no coin?\nAnswer: "),
    ],
)
def test_a_reaction_that_is_no_action_is_named_as_well(name: str, other: str, format: str, note: str) -> None:
    prompts = choices_asked(name, "scot", other, format, feeds={0: "oracle"}, max_steps=2)
    assert len(prompts) == 2
    assert all(note in prompt for prompt in prompts)
    assert not any(note in prompt for prompt in choices_asked(name, "direct", other, format, max_steps=2))

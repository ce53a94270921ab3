"""The future as a tensor: by hand, against what then happens, and from whom nothing may be learned."""

from __future__ import annotations

import numpy as np
import pytest

from prospect_agents.prospective import Forecasting
from prospect_env.arena.play import play
from prospect_env.core import unfold
from prospect_env.core.chance import Chance
from prospect_env.core.episodes import Episodes, columns
from prospect_env.core.errors import UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Decision, Policy, Predictor, Table, View
from prospect_env.core.registry import games
from tests.samples import GAME_PARAMETERS
from tests.toys import Cards, Offers, Pond

C, D = 0, 1


def riding(actor: str, predictor: str = "uniform") -> str:
    return f"forecasting:actor=({actor}),predictor={predictor}"


def test_truth_by_hand_against_noisy_tit_for_tat() -> None:
    game = make_game("prisoners_dilemma", rounds=5, noise=0.1)
    episodes = play(game, [riding("always_cooperate"), "tit_for_tat"], episodes=50, branch="all")
    assert episodes.truth is not None
    # Tit for tat means to do what I am seen to have done, and trembles with .1. If I choose C it sees C with .9, so it
    # then does C with .9 * .9 + .1 * .1 = .82; if I choose D, with .1 * .9 + .9 * .1 = .18.
    answers = episodes.truth[:, :-1, 0, 1, :, 1, C]
    assert np.allclose(answers, [0.82, 0.18], atol=1e-6)
    # In the first step it means C whatever I do: C with .9 in both rows of lead 0.
    assert np.allclose(episodes.truth[:, 0, 0, 0, :, 1, C], 0.9, atol=1e-6)


def test_branch_rewards_by_hand() -> None:
    episodes = play("prisoners_dilemma", [riding("always_defect"), "random:p=.25"], episodes=4, branch="all")
    assert episodes.branch_rewards is not None
    # Against C with .25: C pays me .25 * 3 + .75 * 0 = .75 and the other .25 * 3 + .75 * 5 = 4.5;
    # D pays me .25 * 5 + .75 * 1 = 2 and the other .25 * 0 + .75 * 1 = .75.
    assert np.allclose(episodes.branch_rewards[:, :, 0], [[0.75, 4.5], [2.0, 0.75]], atol=1e-6)


@pytest.mark.parametrize("co_player", ["random_memory_one", "generous_tit_for_tat", "prospective:predictor=bayes"])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_oracle_says_the_truth_exactly(co_player: str, noise: float) -> None:
    game = make_game("prisoners_dilemma", rounds=8, noise=noise)
    episodes = play(game, ["prospective:predictor=oracle", co_player], episodes=20, branch="all")
    assert episodes.forecast is not None
    assert episodes.truth is not None
    assert episodes.mask is not None
    others = episodes.mask[:, :, 0, :, :, 1]
    assert others[:, :-1].all()
    assert np.array_equal(episodes.forecast[:, :, 0, :, :, 1][others], episodes.truth[:, :, 0, :, :, 1][others])


@pytest.mark.parametrize("name", list(games))
def test_branching_changes_nothing_that_is_played(name: str) -> None:
    game = make_game(name, noise=0.1, termination_probability=0.1, **GAME_PARAMETERS[name])
    policies = [riding("random", "bayes"), *["random"] * (game.spec.seats - 1)]
    plain = play(game, policies, episodes=10, seed=5)
    branched = play(game, policies, episodes=10, seed=5, branch="all")
    for column in columns():
        if column.metadata["when"] != "with branch='all'":
            a, b = getattr(plain, column.name), getattr(branched, column.name)
            assert (a is None and b is None) or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), column.name


@pytest.mark.parametrize("name", list(games))
@pytest.mark.parametrize("co_player", ["tit_for_tat", "always:action=1"])
def test_fork_equality_the_taken_branch_is_what_happened(name: str, co_player: str) -> None:
    """With a certain co-player and no noise the branch of the taken action must be the path itself."""
    game = make_game(name, **GAME_PARAMETERS[name])
    policies = [riding("random"), *[co_player] * (game.spec.seats - 1)]
    try:
        episodes = play(game, policies, episodes=10, branch="all")
    except UnsuitablePolicy:
        assert co_player == "tit_for_tat"
        return
    assert episodes.truth is not None
    assert episodes.realised is not None
    assert episodes.mask is not None
    assert episodes.branch_rewards is not None
    e, t = np.nonzero(episodes.active[:, :, 0])
    chosen = episodes.actions[e, t, 0]
    # [decision, lead, other seat, reaction]
    taken, scored = episodes.truth[e, t, 0, :, chosen][:, :, 1:], episodes.mask[e, t, 0, :, chosen][:, :, 1:]
    happened = episodes.realised[e, t, 0][:, :, 1:]
    known = scored & (happened >= 0)
    assert known.any()
    likely = np.take_along_axis(taken, np.maximum(happened, 0)[..., None], axis=-1)[..., 0]
    certain = known & (taken.max(axis=-1) > 1 - 1e-6)
    assert certain.any()
    assert (likely[certain] > 1 - 1e-6).all()
    if not game.spec.events:
        # What happens of an event is drawn; everything else is listed, so that nothing happens that was not possible.
        assert (likely[known] > 0).all()
    assert np.allclose(episodes.branch_rewards[e, t, 0, chosen], episodes.rewards[e, t], atol=1e-5)


def test_draws_of_many_joint_choices_differ() -> None:
    # Nine seats have 2^9 joint choices, more than are listed. Of eight others who abstain with .9 somebody volunteers
    # with 1 - .9^8 = .57: abstaining is worth 2 * .57 = 1.14, on average over 64 draws a match (sd .12); one draw, told
    # 64 times, would be worth 0 or 2.
    game = make_game("volunteers_dilemma", seats=9, rounds=1)
    episodes = play(game, [riding("random"), *["random:p=.1"] * 8], episodes=40, branch="all")
    assert episodes.branch_rewards is not None
    worth = episodes.branch_rewards[:, 0, 0, 1, 0]
    assert abs(float(worth.mean()) - 1.139) < 0.08
    assert ((worth > 0.5) & (worth < 1.8)).all()


def test_truth_has_the_frequencies_of_what_happens() -> None:
    game = make_game("prisoners_dilemma", rounds=2, noise=0.2)
    episodes = play(game, [riding("random:p=.5"), "generous_tit_for_tat"], episodes=20_000, branch="all")
    assert episodes.truth is not None
    assert episodes.realised is not None
    for action in (C, D):
        chosen = episodes.actions[:, 0, 0] == action
        predicted = episodes.truth[chosen, 0, 0, 1, action, 1, C].mean()
        # 10 000 matches: 4 standard errors are .02.
        assert abs((episodes.realised[chosen, 0, 0, 1, 1] == C).mean() - predicted) < 0.02


def test_rows_that_cannot_be_scored_are_masked_and_still_sum_to_one() -> None:
    game = make_game("matrix_game", **GAME_PARAMETERS["matrix_game"])
    episodes = play(game, [riding("random"), riding("random")], episodes=3, branch="all")
    assert episodes.truth is not None
    assert episodes.mask is not None
    assert episodes.attainable is not None
    assert np.allclose(episodes.truth.sum(axis=-1), 1)
    # Seat 0 has two of the three actions; the last step has no later choice; the own seat is not branched at lead 1.
    assert not episodes.mask[:, :, 0, :, 2].any()
    assert not episodes.mask[:, -1, :, 1].any()
    assert not episodes.mask[:, :, 0, 1, :, 0].any()
    assert episodes.mask[:, :-1, 0, :, :2, 1].all()
    # Seat 1 has all three.
    assert episodes.attainable[:, :-1, 0, :, :2, 1].all()
    assert not episodes.attainable[:, :, 1, :, :, 0, 2].any()


class Silent(Policy):
    """Does C with .3 but states no probabilities."""

    name = "silent"

    def begin(self, table: Table) -> None:
        return None

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        return Decision((chance.uniform("action") >= 0.3).astype(np.int8))


def test_policies_without_probabilities_are_sampled() -> None:
    episodes = play("prisoners_dilemma", [make_policy(riding("random")), Silent()], episodes=300, branch="all")
    assert episodes.truth is not None
    said = episodes.truth[:, :, 0, 0, 0, 1, C]
    assert len(np.unique(said)) > 2
    # 3 000 decisions of 32 draws each: 4 standard errors of the mean are .006.
    assert abs(said.mean() - 0.3) < 0.006


def test_policies_that_cannot_be_asked_twice_are_not_branched() -> None:
    silent = Silent()
    silent.branchable = False
    with pytest.raises(UnsuitablePolicy, match="cannot be asked twice"):
        play("prisoners_dilemma", [riding("random"), silent], branch="all")
    play("prisoners_dilemma", [riding("random"), silent])


def test_one_oracle_at_a_table() -> None:
    with pytest.raises(UnsuitablePolicy, match="need the oracle"):
        play("prisoners_dilemma", ["prospective:predictor=oracle", "prospective:predictor=oracle"])


def test_reactions_in_turns_come_within_the_window() -> None:
    episodes = play(Offers(), [riding("random"), riding("random")], episodes=60, branch="all")
    assert episodes.mask is not None
    assert episodes.truth is not None
    assert episodes.realised is not None
    # Steps alternate: proposer, responder, proposer, responder. Nobody else chooses in the same step (lead 0), and the
    # other's answer comes one step on.
    assert not episodes.mask[:, :, 0, 0, :, 1].any()
    assert episodes.mask[:, 0, 0, 1, 1:3, 1].all()
    assert not episodes.mask[:, 0, 0, 1, 3:, 1].any()
    assert not episodes.mask[:, 1, 0].any(), "a seat that is not asked forecasts nothing"
    # A responder that answers at random is kind with .5 (accept), never `nothing`.
    assert np.allclose(episodes.truth[:, 0, 0, 1, 1:3, 1], [0, 0.5, 0.5])
    assert (episodes.realised[:, 0, 0, 1, 1] == episodes.reactions[:, 1, 1]).all()
    # Own next choice lies two steps on, within the window of 2.
    assert (episodes.realised[:, 0, 0, 1, 0] == episodes.reactions[:, 2, 0]).all()
    # The responder's last choice is answered by nobody.
    assert not episodes.mask[:, 3, 1, 1].any()


def test_what_is_legal_is_recorded_of_seats_that_do_not_forecast_too() -> None:
    episodes = play(Offers(), [riding("random"), "random"], episodes=4)
    assert episodes.legal is not None
    assert np.array_equal(episodes.legal.any(axis=-1), episodes.active)
    assert episodes.legal[:, 1, 1].tolist() == [[False, False, False, True, True]] * 4


def test_hidden_information_is_believed_not_seen() -> None:
    """A forecast may depend on what the seat knows and on nothing else: other hidden cards, same forecast."""
    game = Cards()
    policy = make_policy("prospective:predictor=bayes,planner=myopic")
    from prospect_env.core import position
    from prospect_env.core.chance import episode_seeds
    from prospect_env.core.players import Players

    players = Players(game, {0: policy, 1: make_policy("random"), 2: make_policy("random")})
    at = players.begin(episode_seeds(0, 400))
    cards = at.state.cards
    turn = players.turn(at, position.active(game, at))
    other = 1 - cards
    other[:, 0] = cards[:, 0]
    from dataclasses import replace

    swapped = replace(at, state=replace(at.state, cards=other))
    again = players.turn(swapped, position.active(game, swapped))
    assert np.array_equal(turn.forecasts[0].probs, again.forecasts[0].probs)
    assert np.array_equal(turn.decisions[0].values, again.decisions[0].values)


@pytest.mark.parametrize("game", [Offers(), Cards()], ids=["offers", "cards"])
@pytest.mark.parametrize("spec", ["prospective:predictor=bayes,depth=3", "prospective:predictor=oracle"])
def test_toys_play_with_every_planner(game: Game, spec: str) -> None:
    if "oracle" in spec and not game.spec.reactions_are_actions:
        spec += ",depth=3"
    episodes = play(game, [spec, *["random"] * (game.spec.seats - 1)], episodes=10, branch="all")
    assert (episodes.length == episodes.spec.horizon).all()


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize("name", ["harvest", "bargaining"])
def test_thoughts_do_not_depend_on_those_beside_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Dice in the one, hidden values in the other. One thought at a time, by threes and a rest of one, all at once.
    game = make_game(name, **GAME_PARAMETERS[name] | ({"seats": 2, "window": 1} if name == "harvest" else {}))
    planner = "prospective:predictor=uniform,planner=softmax,temperature=.1"

    def played(abreast: int) -> Episodes:
        monkeypatch.setattr(unfold, "ABREAST", abreast)
        feeds = {0: "oracle"} if name == "harvest" else {}
        return play(game, [planner, "random_reactive"], episodes=2, seed=3, branch="all", feeds=feeds)

    alone = played(1)
    for beside in (2 * 3, 10_000):
        together = played(beside)
        for column in columns():
            x, y = getattr(alone, column.name), getattr(together, column.name)
            assert x is None or np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), column.name


class Shy(Predictor):
    """Knows that its own seat rests, but is not asked of itself where a match comes up several times."""

    name = "shy"

    def begin(self, table: Table) -> None:
        return None

    def predict(self, memory: None, view: View, chance: Chance) -> np.ndarray:
        probs = np.full((len(view.match), view.game.spec.seats, len(view.game.spec.actions)), 0.5)
        if len(np.unique(view.match)) == len(view.match):
            probs[:, view.seat] = [1.0, 0.0]
        return probs


def test_a_predictor_is_asked_of_this_step_one_thought_at_a_time() -> None:
    # The dice of the pond make many thoughts; the forecast of oneself is the same in all: rested, the last label.
    episodes = play(Pond(), [Forecasting(make_policy("random"), Shy()), "random"], episodes=3)
    assert episodes.forecast is not None
    assert np.allclose(episodes.forecast[:, :, 0, 0, :, 0], [0.0, 0.0, 1.0])

"""What each strategy does, move by move, against co-players whose moves are written down."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Decision, Event, Policy, Table, View

C, D = 0, 1
ALTERNATE = "CDCDCDCD"


class Script(Policy):
    """Plays these moves, whatever happens."""

    def __init__(self, moves: str) -> None:
        self.moves, self.name = ["CD".index(move) for move in moves], moves

    def begin(self, table: Table) -> None:
        return None

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        assert isinstance(view.step, int)
        return Decision(np.full(len(view.active), self.moves[view.step], dtype=np.int8))

    def observe(self, memory: None, event: Event) -> None:
        return None


def versus(spec: str, moves: str, expected: str, game: str = "prisoners_dilemma") -> None:
    episodes = play(make_game(game, rounds=len(moves)), [spec, Script(moves)], episodes=2)
    played = "".join("CD"[action] for action in episodes.actions[0, :, 0])
    assert played == expected, f"{spec} against {moves}"


@pytest.mark.parametrize(
    ("spec", "moves", "expected"),
    [
        ("always_cooperate", ALTERNATE, "CCCCCCCC"),
        ("always_defect", ALTERNATE, "DDDDDDDD"),
        ("always:action=1", "CC", "DD"),
        ("always:action=C", "DD", "CC"),
        ("tit_for_tat", "CDDCDCCC", "CCDDCDCC"),
        ("reverse_tit_for_tat", "CDDCDCCC", "DDCCDCDD"),
        ("tit_for_two_tats", "CDCDDCDDDC", "CCCCCDCCDD"),
        ("grim", "CCDCCCCC", "CCCDDDDD"),
        ("win_stay_lose_shift", "CCDCDDCC", "CCCDDCDD"),
        ("generous_tit_for_tat:forgiveness=0", "CDDCDCCC", "CCDDCDCC"),
        ("generous_tit_for_tat:forgiveness=1", "CDDCDCCC", "CCCCCCCC"),
        # P(C) at first, after CC, CD, DC, DD: starts with D, then does C only after DD.
        ("memory_one:p=[0,0,0,0,1]", "DDCCDD", "DCDDDC"),
        ("memory_one:p=[1,1,0,1,0]", "CDDCDCCC", "CCDDCDCC"),
    ],
)
def test_move_by_move(spec: str, moves: str, expected: str) -> None:
    versus(spec, moves, expected)


def test_c_is_what_the_game_says_cooperates() -> None:
    mirrored = [[[1, 1], [5, 0]], [[0, 5], [3, 3]]]
    from prospect_env.games.matrix import matrix_game

    game = matrix_game(mirrored, rounds=4, cooperative=[1])
    for spec, expected in [("tit_for_tat", "DDDD"), ("always_cooperate", "DDDD"), ("always_defect", "CCCC")]:
        episodes = play(game, [spec, "always_cooperate"], episodes=1)
        assert "".join("CD"[a] for a in episodes.actions[0, :, 0]) == expected
    # D at first, C after DD only; in this game C is action 1, and the other always does D, which is action 0.
    episodes = play(game, ["memory_one:p=[0,0,0,0,1]", "always_defect"], episodes=1)
    assert episodes.actions[0, :, 0].tolist() == [0, 1, 0, 1]


SHARES = [("random", 0.5), ("random:p=.2", 0.2), ("memory_one:p=[.3,.3,.3,.3,.3]", 0.3)]


@pytest.mark.parametrize(("spec", "share"), SHARES)
def test_shares(spec: str, share: float) -> None:
    episodes = play(make_game("prisoners_dilemma", rounds=10), [spec, "random"], episodes=1000)
    assert stats.binomtest(int((episodes.actions[:, :, 0] == C).sum()), 10_000, share).pvalue > 1e-3


def test_generous_tit_for_tat_forgives_a_third() -> None:
    episodes = play(make_game("prisoners_dilemma", rounds=11), ["generous_tit_for_tat", "always_defect"], episodes=1000)
    forgiven = int((episodes.actions[:, 1:, 0] == C).sum())
    assert stats.binomtest(forgiven, 10_000, 1 / 3).pvalue > 1e-3


def test_random_memory_one_draws_its_parameters_per_episode() -> None:
    game = make_game("prisoners_dilemma", rounds=400)
    episodes = play(game, ["random_memory_one", "always_cooperate"], episodes=300)
    # After CC and DC: the stationary share of C is p_DC / (1 - p_CC + p_DC), spread over 0..1 between episodes.
    shares = (episodes.actions[:, :, 0] == C).mean(axis=1)
    assert shares.min() < 0.1
    assert shares.max() > 0.9
    first = (episodes.actions[:, 0, 0] == C).mean()
    assert abs(first - 0.5) < 0.12


@pytest.mark.parametrize("spec", ["memory_one:p=[.5,.5]", "memory_one:p=[0,0,0,0,2]", "random:p=-1", "always:action=X"])
def test_parameters_out_of_range_are_refused(spec: str) -> None:
    with pytest.raises(BadParameter):
        make_policy(spec)


@pytest.mark.parametrize("spec", ["memory_one:p=[1,1,1,1,1]", "random_memory_one", "reverse_tit_for_tat"])
def test_two_action_strategies_refuse_larger_games(spec: str) -> None:
    game = make_game("matrix_game", payoffs=np.zeros((3, 3, 2)).tolist())
    with pytest.raises(UnsuitablePolicy, match="2 actions"):
        play(game, [spec, "random"])


def test_tit_for_tat_copies_in_larger_games() -> None:
    game = make_game("matrix_game", payoffs=np.zeros((3, 3, 2)).tolist(), rounds=4)
    episodes = play(game, ["tit_for_tat", "always:action=2"], episodes=1)
    assert episodes.actions[0, :, 0].tolist() == [0, 2, 2, 2]

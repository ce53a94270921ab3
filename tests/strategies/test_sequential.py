"""What strategies for trust, ultimatum and centipede do, move by move."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.forecast import Forecast
from prospect_env.core.game import Game
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Decision, Policy, Table, View


class Script(Policy):
    """Does these things at these steps, whatever happens; `None` where it is not its turn."""

    def __init__(self, *moves: str | None) -> None:
        self.moves, self.name = moves, "script"

    def begin(self, table: Table) -> None:
        return None

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        assert isinstance(view.step, int)
        move = self.moves[view.step]
        assert move is not None, f"it is its turn at step {view.step}"
        return Decision(np.full(len(view.active), view.game.spec.actions.index(move)))


def moves(game: Game, players: list[Any], seat: int, episodes: int = 2) -> list[str]:
    """What the policy at `seat` did, in the steps in which it was asked."""
    played = play(game, players, episodes=episodes)
    assert (played.actions == played.actions[:1]).all()
    return [
        game.spec.actions[a]
        for a, now in zip(played.actions[0, :, seat], played.active[0, :, seat], strict=True)
        if now
    ]


SENDS_ALL = Script("send 100%", None, "send 50%", None, "send 0%", "send 100%", None)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        # Half of what arrives is as near to a third as to two thirds, a quarter nearest to a third.
        ("reciprocal_trustee", ["return 66.7%", "return 33.3%", "return 66.7%"]),
        # A fifth is nearest to a third, a tenth to nothing.
        ("reciprocal_trustee:share=.2", ["return 33.3%", "return 0%", "return 33.3%"]),
        ("reciprocal_trustee:betray=1", ["return 66.7%", "return 33.3%", "return 0%"]),
        ("reciprocal_trustee:betray=9", ["return 0%"] * 3),
        ("gradual_investor:share=.7", ["return 66.7%"] * 3),
    ],
)
def test_trustees(spec: str, expected: list[str]) -> None:
    assert moves(make_game("trust", rounds=4), [SENDS_ALL, spec], 1) == expected


def test_gradual_investor() -> None:
    good, same, bad = "return 66.7%", "return 33.3%", "return 0%"
    answers = Script(None, good, None, same, None, good, None, bad, None, bad, None, None, bad)
    # Up to the top and no further, down to nothing, and a try after that.
    expected = ["send 50%", "send 100%", "send 100%", "send 100%", "send 50%", "send 0%", "send 50%"]
    assert moves(make_game("trust", rounds=7), ["gradual_investor", answers], 0) == expected


def test_gradual_investor_learns_as_investor_only() -> None:
    game = make_game("trust", rounds=3, roles="alternating")
    other = Script(None, "return 66.7%", "send 100%", None, None, "return 0%")
    assert moves(game, ["gradual_investor:share=0", other], 0) == ["send 50%", "return 0%", "send 100%"]


def test_reciprocal_trustee_as_investor() -> None:
    game = make_game("trust", rounds=2)
    assert moves(game, ["reciprocal_trustee:send=.6", "reciprocal_trustee"], 0) == ["send 50%", "send 50%"]


@pytest.mark.parametrize(
    ("spec", "accepted"),
    [("fair_responder", [4, 5]), ("fair_responder:threshold=.25", [3, 4, 5]), ("conceding_proposer", [2, 3, 4, 5])],
)
def test_responders(spec: str, accepted: list[int]) -> None:
    game = make_game("ultimatum", rounds=1)
    for tenths in range(6):
        offer = Script(game.spec.actions[1 + tenths], None)
        assert moves(game, [offer, spec], 1) == ["accept" if tenths in accepted else "reject"]


def test_fair_responder_offers_what_it_finds_fair() -> None:
    game = make_game("ultimatum", rounds=2, offers=[0.1, 0.3, 0.45])
    answers = Script(None, "reject", None, "accept")
    assert moves(game, ["fair_responder:offer=.5", answers], 0) == ["offer 45%", "offer 45%"]
    assert moves(game, ["fair_responder:offer=.2", answers], 0) == ["offer 30%", "offer 30%"]


def test_conceding_proposer() -> None:
    no, yes = "reject", "accept"
    answers = Script(None, no, None, no, None, yes, None, yes, None, yes, None, yes, None, yes, None, no)
    offers = moves(make_game("ultimatum", rounds=8), ["conceding_proposer", answers], 0)
    assert offers == [f"offer {tenths}0%" if tenths else "offer 0%" for tenths in (2, 3, 4, 3, 2, 1, 0, 0)]


def test_conceding_proposer_learns_as_proposer_only() -> None:
    game = make_game("ultimatum", rounds=3, roles="alternating")
    other = Script(None, "reject", "offer 10%", None, None, "accept")
    assert moves(game, ["conceding_proposer", other], 0) == ["offer 20%", "reject", "offer 30%"]


@pytest.mark.parametrize(("node", "expected"), [(1, "take"), (2, "pass take"), (3, "pass take"), (4, "pass pass take")])
def test_centipede_taker(node: int, expected: str) -> None:
    # Seat 0 moves at nodes 1, 3 and 5 of 6.
    game = make_game("centipede", rounds=1, nodes=6)
    assert moves(game, [f"centipede_taker:node={node}", "centipede_taker:node=7"], 0) == expected.split()


def test_directional_taker() -> None:
    game = make_game("centipede", rounds=5, nodes=4)
    other = Script(None, "pass", None, None, "pass", None, "take", None, "take", None, None, "take")
    expected = [
        # It takes at node 3, as planned, and means to wait for node 5 after that,
        *("pass", "take"),
        # where the other takes at node 4: next time at node 3,
        *("pass", "pass"),
        # where the other takes at node 2: next time at node 1,
        "pass",
        # which comes about: next time at node 3 again.
        "take",
        "pass",
    ]
    assert moves(game, ["directional_taker", other], 0) == expected


def test_directional_taker_counts_nodes_anew_when_all_passed() -> None:
    # Nobody takes in rounds 1 and 2; in round 3 the other takes at node 4, so that it takes at node 3 of round 4.
    game = make_game("centipede", rounds=4, nodes=4)
    other = Script(*[None, "pass"] * 5, None, "take", None, "pass", None)
    assert moves(game, ["directional_taker:start=5", other], 0) == [*["pass"] * 7, "take"]


def test_what_is_drawn_is_drawn_for_each_match() -> None:
    # Thresholds are uniform on 0 to a half: an offer of 20 percent is accepted by two in five.
    episodes = play(make_game("ultimatum", rounds=2), ["always:action=3", "fair_responder:threshold=drawn"], 1000)
    accepted = episodes.actions[:, [1, 3], 1] == 7
    assert (accepted[:, 0] == accepted[:, 1]).all(), "the threshold stays the same in a match"
    assert stats.binomtest(int(accepted[:, 0].sum()), 1000, 0.4).pvalue > 1e-3
    # Shares are uniform on 0 to 1; the nearest level to what is below a sixth is nothing.
    episodes = play(make_game("trust", rounds=1), ["always:action=3", "reciprocal_trustee:share=drawn"], 1000)
    returned = np.bincount(episodes.actions[:, 1, 1], minlength=7)[4:]
    assert stats.chisquare(returned, 1000 * np.array([1 / 6, 1 / 3, 1 / 2])).pvalue > 1e-3
    # Nodes are 1 to 5; seat 0 takes at once in one of five matches.
    episodes = play(make_game("centipede", rounds=1), ["centipede_taker:node=drawn", "centipede_taker:node=9"], 1000)
    assert stats.binomtest(int((episodes.actions[:, 0, 0] == 2).sum()), 1000, 0.2).pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("trust", "reciprocal_trustee"),
        ("trust", "gradual_investor"),
        ("ultimatum", "fair_responder"),
        ("ultimatum", "conceding_proposer"),
        ("centipede", "centipede_taker"),
        ("centipede", "directional_taker"),
    ],
)
def test_with_talk_they_announce_what_they_do(name: str, spec: str) -> None:
    talk, plain = (make_game(name, rounds=4, announcements=said) for said in (True, False))
    with_talk, without = (play(game, [spec, spec]) for game in (talk, plain))
    labels = talk.spec.actions
    said, did = with_talk.executed[0, 0::2], with_talk.executed[0, 1::2]
    announced = np.array(talk.spec.announces)
    assert np.array_equal(np.where(said >= 0, announced[said], -1), did), labels
    assert np.array_equal(did, without.executed[0]), "talk changes nothing that they do"


@pytest.mark.parametrize("spec", ["fair_responder", "conceding_proposer", "reciprocal_trustee", "gradual_investor"])
def test_other_games_are_refused(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match="cannot play centipede"):
        play("centipede", [spec, "random"])


@pytest.mark.parametrize("spec", ["centipede_taker", "directional_taker"])
def test_centipede_takers_play_nothing_else(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match=f"{spec} plays Centipede and no other game"):
        play("prisoners_dilemma", [spec, "random"])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("fair_responder:threshold=1.5", "threshold is 1.5; it may be between 0 and 1 or drawn"),
        ("fair_responder:threshold=high", "threshold is 'high'"),
        ("fair_responder:offer=drawn", "offer is 'drawn'; it may be between 0 and 1$"),
        ("reciprocal_trustee:share=true", "share is True"),
        ("reciprocal_trustee:send=-1", "send is -1"),
        ("reciprocal_trustee:betray=.5", "betray is 0.5; it must be a whole number"),
        ("gradual_investor:start=2", "start is 2"),
        ("gradual_investor:share=2", "share is 2"),
        ("conceding_proposer:start=2", "start is 2"),
        ("conceding_proposer:threshold=2", "threshold is 2"),
        ("centipede_taker:node=0", "the node is 0; it must be a whole number, 1 or more, or drawn"),
        ("directional_taker:start=1.5", "the node is 1.5"),
    ],
)
def test_parameters_out_of_range_are_refused(spec: str, words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        make_policy(spec)

"""The donation game: who pays whom, who sees it, what each norm makes of it, and how names travel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.games.donation import GIVE, KEEP, NORMS, Donation, Names

TRIO = Donation(seats=3, error=0.0)
PATH = Donation(seats=4, error=0.0, network=[(0, 1), (1, 2), (2, 3)])


def chance(batch: int = 1, step: int = 1) -> Chance:
    return Streams.of(episode_seeds(5, batch), 4).game(step)


def at(game: Donation, recipients: list[int], bad: list[int] | None = None, batch: int = 1) -> Names:
    """Matches in which these are the recipients and everybody thinks badly of the seats `bad`."""
    state = game.initial(batch, chance(batch))
    image = state.image.copy()
    image[:, :, bad or []] = 0
    return replace(state, recipient=np.tile(np.array(recipients, dtype=np.int8), (batch, 1)), image=image)


def after(game: Donation, state: Names, *actions: int) -> Outcome:
    batch = len(state.round)
    return game.step(state, np.tile(actions, (batch, 1)), chance(batch))


def test_who_pays_whom() -> None:
    # 0 and 1 give to 2, 2 gives to 0: benefit 3, cost 1.
    outcome = after(TRIO, at(TRIO, [2, 2, 0]), GIVE, GIVE, GIVE)
    assert outcome.rewards.tolist() == [[3 - 1, -1, 6 - 1]]
    assert after(TRIO, at(TRIO, [2, 2, 0]), KEEP, GIVE, KEEP).rewards.tolist() == [[0, -1, 3]]


@pytest.mark.parametrize(
    ("norm", "give_good", "keep_good", "give_bad", "keep_bad"),
    [
        ("image_scoring", 1, 0, 1, 0),
        ("simple_standing", 1, 0, 1, 1),
        ("stern_judging", 1, 0, 0, 1),
        ("shunning", 1, 0, 0, 0),
    ],
)
def test_norms(norm: str, give_good: int, keep_good: int, give_bad: int, keep_bad: int) -> None:
    game = Donation(seats=3, error=0.0, norm=norm)
    for action, bad, verdict in (
        (GIVE, [], give_good),
        (KEEP, [], keep_good),
        (GIVE, [1], give_bad),
        (KEEP, [1], keep_bad),
    ):
        # Seat 0 meets 1; all judge alike, whatever they thought of 0 before.
        for before in ([], [0]):
            image = after(game, at(game, [1, 2, 0], bad + before), action, GIVE, GIVE).state.image
            assert image[0, :, 0].tolist() == [verdict] * 3


def test_every_norm_is_tested() -> None:
    assert set(NORMS) == {"image_scoring", "simple_standing", "stern_judging", "shunning"}


def test_a_recipient_is_judged_in_each_observers_own_eyes() -> None:
    state = at(TRIO, [1, 0, 0])
    image = state.image.copy()
    image[0, 2, 1] = 0  # Seat 2 alone thinks badly of 1.
    outcome = after(TRIO, replace(state, image=image), KEEP, GIVE, GIVE)
    # Stern judging: to keep from the good is bad, from the bad is good.
    assert outcome.state.image[0, :, 0].tolist() == [0, 0, 1]


def test_only_those_who_meet_a_seat_see_it_and_judge_it() -> None:
    outcome = after(PATH, at(PATH, [1, 2, 1, 2]), KEEP, KEEP, GIVE, GIVE)
    assert outcome.seen is not None
    assert outcome.seen[0].tolist() == [
        [KEEP, KEEP, -1, -1],
        [KEEP, KEEP, GIVE, -1],
        [-1, KEEP, GIVE, GIVE],
        [-1, -1, GIVE, GIVE],
    ]
    assert outcome.state.image[0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1]]
    # 0 stands badly with the one it meets, 1 with both, 2 and 3 with nobody.
    assert outcome.measures is not None
    assert outcome.measures[0].tolist() == [[0, 0], [0, 0], [1, 1], [1, 1]]


def test_third_parties_err_and_those_concerned_do_not() -> None:
    game = Donation(seats=3, error=1.0)
    outcome = after(game, at(game, [1, 0, 0]), GIVE, GIVE, GIVE)
    assert outcome.seen is not None
    # Of 0's gift to 1, only 2 is a third party; of 1's to 0, only 2; of 2's to 0, only 1.
    assert outcome.seen[0].tolist() == [[GIVE, GIVE, GIVE], [GIVE, GIVE, KEEP], [KEEP, KEEP, GIVE]]
    assert outcome.state.image[0].tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 1]]
    # Of the two who meet a seat one is its recipient (or, of seat 2, its recipient 0) and one mistaken.
    assert outcome.measures is not None
    assert outcome.measures[0, :, 0].tolist() == [0.5, 0.5, 0.5]


def test_errors_are_as_frequent_as_stated() -> None:
    game, batch = Donation(seats=3, error=0.2), 4000
    outcome = after(game, at(game, [1, 0, 0], batch=batch), GIVE, GIVE, GIVE)
    wrong = outcome.state.image[:, 2, 0] == 0
    assert abs(wrong.mean() - 0.2) < 4 * (0.16 / batch) ** 0.5


def test_gossip_carries_names_to_those_who_did_not_see() -> None:
    # A path 0-1-2: 0 and 2 listen to 1 for certain, and 1 to one of them.
    game = Donation(seats=3, error=0.0, gossip=1.0, network=[(0, 1), (1, 2)])
    outcome = after(game, at(game, [1, 0, 1]), GIVE, GIVE, KEEP)
    # 0 does not meet 2, and hears of its keeping from 1.
    assert outcome.state.image[0, 0].tolist() == [1, 1, 0]
    silent = Donation(seats=3, error=0.0, network=[(0, 1), (1, 2)])
    assert after(silent, at(silent, [1, 0, 1]), GIVE, GIVE, KEEP).state.image[0, 0].tolist() == [1, 1, 1]


def test_nobody_hears_of_itself_or_from_who_it_is_about() -> None:
    game = Donation(seats=3, error=0.0, gossip=1.0, network=[(0, 1), (1, 2)])
    # 1 thinks badly of all. 0 and 2 believe it of each other, not of themselves nor of 1, from whom they have it.
    believed = game._gossip(np.array([[[1, 1, 1], [0, 0, 0], [1, 1, 1]]], dtype=np.int8), chance())
    assert believed[0, 0].tolist() == [1, 1, 0]
    assert believed[0, 2].tolist() == [0, 1, 1]


def test_a_public_record_is_one_for_all_and_errs_for_all() -> None:
    game = Donation(seats=3, error=1.0, reputation="public", network=[(0, 1), (1, 2)])
    outcome = after(game, at(game, [1, 0, 1]), GIVE, GIVE, KEEP)
    assert outcome.state.image[0].tolist() == [[0, 0, 1]] * 3
    assert outcome.seen is not None
    # Donor and recipient still know what was done; the rest read the record, met or not.
    assert outcome.seen[0].tolist() == [[GIVE, GIVE, GIVE], [GIVE, GIVE, KEEP], [KEEP, KEEP, KEEP]]


def test_a_public_record_errs_for_all_alike() -> None:
    game = Donation(seats=4, error=0.5, reputation="public")
    image = after(game, at(game, [1, 2, 3, 0], batch=200), *[GIVE] * 4).state.image
    assert (image == image[:, :1]).all()
    assert abs(image[:, 0].mean() - 0.5) < 4 * 0.5 / 800**0.5


def test_recipients_are_those_one_meets_equally_often() -> None:
    batch = 4000
    recipient = PATH.initial(batch, chance(batch)).recipient
    assert set(recipient[:, 0]) == {1}
    assert set(recipient[:, 1]) == {0, 2}
    assert abs((recipient[:, 1] == 0).mean() - 0.5) < 4 * 0.5 / batch**0.5
    again = after(PATH, at(PATH, [1, 0, 1, 2], batch=batch), *[GIVE] * 4).state.recipient
    assert abs((again[:, 1] == 0).mean() - 0.5) < 4 * 0.5 / batch**0.5


def test_private_names_are_hidden() -> None:
    state = at(TRIO, [1, 2, 0], bad=[1])
    known = TRIO.hide(state, 0)
    assert known.image[0].tolist() == [[1, 0, 1], [-1] * 3, [-1] * 3]
    # Without errors or gossip, where all see all, there is only one thing to believe.
    assert TRIO.believe(known, 0, chance()).image.tolist() == state.image.tolist()
    public = Donation(seats=3, error=0.0, reputation="public")
    assert public.spec.perfect_information
    assert public.hide(state, 0) is state


def test_at_first_everybody_is_known_to_think_well_of_everybody() -> None:
    game = Donation(seats=3, error=1.0)
    state = game.initial(1, chance())
    assert (game.believe(game.hide(state, 0), 0, chance()).image == 1).all()
    # Later others are believed to see things as oneself does, but for errors.
    later = replace(state, round=np.array([1], dtype=np.int32))
    assert game.believe(game.hide(later, 0), 0, chance()).image[0].tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0]]


def test_nobody_is_believed_to_think_badly_of_whom_it_cannot_know() -> None:
    state = replace(at(PATH, [1, 0, 1, 2], bad=[0, 1, 2, 3]), round=np.array([3], dtype=np.int32))
    believed = PATH.believe(PATH.hide(state, 0), 0, chance())
    assert believed.image[0, 3].tolist() == [1, 1, 0, 0]


def test_discriminators_help_each_other_for_ever() -> None:
    episodes = play(Donation(seats=4, rounds=6, error=0.0), ["discriminator"] * 4, episodes=5)
    # All give in every round: everybody's sum is 4 * (3 - 1) a round, the upper bound of welfare.
    assert np.allclose(episodes.rewards.sum(axis=2), 8)
    assert Donation(seats=4).spec.welfare_bounds == (0, 8)


@pytest.mark.parametrize(("norm", "peace"), [("stern_judging", True), ("image_scoring", False)])
def test_who_punishes_keeps_a_good_name_under_stern_judging_only(norm: str, peace: bool) -> None:
    """The weakness of image scoring: to keep from the bad makes one bad (Leimar and Hammerstein 2001)."""
    game = Donation(seats=3, rounds=12, error=0.0, norm=norm)
    episodes = play(game, ["discriminator", "discriminator", "always:action=1"], episodes=50)
    third = episodes.rewards[:, 1:, 2].sum(axis=1)
    # After the first round nobody gives to the keeper, who is paid nothing any more and pays nothing.
    assert (third == 0).all()
    late = (episodes.actions[:, -1, :2] == GIVE).mean()
    # Each of the two meets the other half of the time, and gives then under stern judging.
    assert abs(late - 0.5) < 4 * 0.5 / 100**0.5 if peace else late < 0.1


def test_bounds_are_attained() -> None:
    spec = PATH.spec
    assert spec.payoff_bounds == (-1, 6)
    rewards = after(PATH, at(PATH, [1, 2, 1, 2]), GIVE, KEEP, GIVE, GIVE).rewards
    assert rewards.tolist() == [[-1, 6, -1 + 0 + 3, -1]]
    assert spec.welfare_bounds == (0, 8)
    assert after(PATH, at(PATH, [1, 2, 1, 2]), *[GIVE] * 4).rewards.sum() == 8


def test_networks() -> None:
    ring = make_game("donation", seats=5, network=nx.cycle_graph(5))
    assert ring.edges == ((0, 1), (0, 4), (1, 2), (2, 3), (3, 4))
    assert make_game("donation", seats=5, network="cycle_graph(5)") == ring
    assert hash(ring) == hash(make_game("donation", **ring.parameters))
    assert TRIO.spec.interchangeable == ((0, 1, 2),)
    assert ring.spec.interchangeable == ((0,), (1,), (2,), (3,), (4,))


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seats": 1}, "seats is 1; it must be a whole number, 2 or more"),
        ({"seats": 101}, "seats is 101; it may be 2 to 100"),
        ({"seats": 3.5}, "seats is 3.5"),
        ({"rounds": 0}, "rounds is 0"),
        ({"rounds": True}, "rounds is True"),
        ({"cost": 0}, "cost is 0 and benefit 3; 0 < cost < benefit must hold"),
        ({"benefit": 1.0}, "cost is 1 and benefit 1"),
        ({"benefit": float("nan")}, "benefit is nan"),
        ({"error": 1.5}, "error is 1.5; it must be between 0 and 1"),
        ({"gossip": -0.1}, "gossip is -0.1"),
        ({"gossip": 0.1, "reputation": "public"}, "gossip is 0.1 and reputation public"),
        ({"norm": "kindness"}, "norm is 'kindness'; it may be image_scoring, simple_standing"),
        ({"reputation": "secret"}, "reputation is 'secret'; it may be private, public"),
        ({"network": [(0, 1)]}, "network leaves seats"),
    ],
    ids=str,
)
def test_bad_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("donation", **parameters)

"""What bargainers ask for, offer by offer, with values that are known here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.errors import BadParameter, UnsuitablePolicy
from prospect_env.core.make import make_game, make_policy
from prospect_env.core.policy import Event, Table, View
from prospect_env.games.bargaining import Bargaining

#: 21 value vectors; over them the goods are worth 5/3, 5/3 and 10/3 an item on average
GAME = Bargaining(turns=5, decay=1.0, outside=(2,))
MINE = (1, 2, 4)


def talks(spec: str, offers: list[str], game: Bargaining = GAME, mine: Any = MINE) -> list[str]:
    """What the policy in seat 0 does with these values, when the other makes these offers."""
    policy, luck = make_policy(spec), Streams.of(episode_seeds(1, 1), 2)
    state = game.initial(1, luck.game(0))
    state = replace(state, values=np.array([[mine, (2, 2, 2)]], dtype=np.int16))
    memory, did, step = policy.begin(Table(game, 0, 1, luck.seat(0, 0))), [], 0
    while not state.over[0]:
        active = game.active(state)
        if active[0, 0]:
            view = View(game, 0, game.hide(state, 0), game.legal(state)[:, 0], active[:, 0], step, np.arange(1))
            action = int(policy.decide(memory, view, luck.seat(0, step), None).action[0])
            did.append(game.spec.actions[action])
        elif not offers:
            break
        else:
            action = game.spec.actions.index(offers[0])
            offers = offers[1:]
        outcome = game.step(state, np.where(active, action, -1), luck.game(step))
        memory = policy.observe(memory, Event(outcome.rewards[:, 0], outcome.executed, active))
        state, step = outcome.state, step + 1
    return did


def test_the_average_values() -> None:
    assert GAME.vectors.mean(axis=0) == pytest.approx([5 / 3, 5 / 3, 10 / 3])


def test_aspirations_fall_with_the_time_that_is_gone() -> None:
    # Of 10 points it wants .9, then half way .7 and at the last offer .5. It keeps 9 by giving one item of good 1
    # (1 point); 7 by giving both items of good 1 and losing 2, worth 10/3 by the prior, or one of each of goods 1 and
    # 2, losing 3, worth as much: it takes what keeps more. For 5 it gives 2-1-0, losing 4, worth 5 by the prior; the
    # third good and one of the first, losing 5, is worth 5 too and keeps less.
    nothing = "offer 0-0-0"
    assert talks("aspiring_bargainer", [nothing, nothing]) == ["offer 1-0-0", "offer 2-0-0", "offer 2-1-0"]
    # With a pace of one half the aspiration half way is .9 - .4 / 4 = .8: giving 2-0-0 keeps 8.
    assert talks("aspiring_bargainer:start=1,floor=.6,pace=.5", [nothing]) == ["offer 0-0-0", "offer 1-0-0"]
    # 1 - .4 * sqrt(.5) = .717 with a pace of two.
    assert talks("aspiring_bargainer:start=1,floor=.6,pace=2", [nothing]) == ["offer 0-0-0", "offer 2-0-0"]


def test_it_accepts_what_it_aspires_to() -> None:
    # Half way it wants 7: 1-1-1 brings 1 + 2 + 4 = 7, and 2-2-0 brings 6.
    assert talks("aspiring_bargainer", ["offer 1-1-1"]) == ["offer 1-0-0", "accept"]
    assert talks("aspiring_bargainer", ["offer 2-2-0"]) == ["offer 1-0-0", "offer 2-0-0"]


@pytest.mark.parametrize("spec", ["tough_bargainer:demand=.9", "aspiring_bargainer:start=.9,floor=.9"])
def test_the_last_offer_is_accepted_if_it_beats_walking_away(spec: str) -> None:
    # Four offers: the last is the other's. Walking away brings 2.
    game = replace(GAME, turns=4)
    first = ["offer 1-0-0", "offer 1-0-0"]
    assert talks(spec, ["offer 0-0-0", "offer 2-0-0"], game) == [*first, "accept"]
    assert talks(spec, ["offer 0-0-0", "offer 1-0-0"], game) == [*first, "walk away"]


def test_nobody_settles_for_less_than_walking_away() -> None:
    # It aspires to 1 at last, but walking away brings 8: it offers what keeps 8, and walks away where nothing can.
    game = replace(GAME, outside=(8.0,))
    assert talks("aspiring_bargainer:start=.1,floor=.1", ["offer 1-1-1"], game) == ["offer 2-0-0"] * 2
    assert talks("aspiring_bargainer:start=.1,floor=.1", [], replace(GAME, outside=(11.0,))) == ["walk away"]


def test_a_tough_bargainer_does_not_move() -> None:
    assert talks("tough_bargainer", ["offer 0-0-0", "offer 2-2-0"]) == ["offer 2-0-0"] * 3


def test_it_gives_what_the_other_is_expected_to_value() -> None:
    # With values (3, 1, 2) two splits give up 3 points or fewer and two items: 0-2-0 costs 2 points and is worth 10/3
    # to the other by the prior, 0-1-1 costs 3 and is worth 5.
    assert talks("tough_bargainer", [], mine=(3, 1, 2)) == ["offer 0-1-1"]


def test_a_mirror_gives_what_it_is_given() -> None:
    # First 0, then 1-0-0 (1 point more), then 1-1-0 (3 more): from 9 down to 8 and 6. It accepts what brings its floor.
    offers = ["offer 0-0-0", "offer 1-0-0"]
    assert talks("mirroring_bargainer", offers) == ["offer 1-0-0", "offer 1-0-0", "offer 2-0-0"]
    game = replace(GAME, turns=7)
    assert talks("mirroring_bargainer", [*offers, "offer 1-1-0"], game)[-1] == "offer 2-1-0"
    assert talks("mirroring_bargainer:floor=.5", [*offers, "offer 1-2-0"], game)[-1] == "accept"
    assert talks("mirroring_bargainer:floor=.6", [*offers, "offer 1-2-0"], game)[-1] == "offer 2-1-0"
    # What the other takes back is asked for again, and no more than at first.
    assert talks("mirroring_bargainer", ["offer 1-0-0", "offer 0-0-0"])[-1] == "offer 1-0-0"


def test_floors_are_drawn_for_each_match() -> None:
    game = make_game("bargaining", turns=1)
    policy = make_policy("aspiring_bargainer:start=.8,floor=drawn")
    luck = Streams.of(episode_seeds(1, 2000), 2).seat(0, 0)
    floors = policy.begin(Table(game, 0, 2000, luck)).floor
    assert floors.min() >= 0
    assert floors.max() <= 0.8
    assert floors.mean() == pytest.approx(0.4, abs=0.02)


def test_hidden_values_do_not_matter() -> None:
    # The same talks against a co-player whose values are others: `talks` has (2, 2, 2), and no policy can see them.
    game = make_game("bargaining")
    episodes = play(game, ["aspiring_bargainer", "always:action=2"], episodes=50)
    openings = {}
    states = game.initial(50, Streams.of(episode_seeds(0, 50), 2).game(0))
    for own, action in zip(states.values[:, 0].tolist(), episodes.actions[:, 0, 0].tolist(), strict=True):
        assert openings.setdefault(tuple(own), action) == action


@pytest.mark.parametrize("spec", ["aspiring_bargainer", "tough_bargainer", "mirroring_bargainer"])
def test_with_talk_they_announce_what_they_do(spec: str) -> None:
    talk = make_game("bargaining", announcements=True)
    told = play(talk, [spec, spec], episodes=3)
    plain = play(make_game("bargaining"), [spec, spec], episodes=3)
    announced = np.array(talk.spec.announces)
    said, did = told.executed[:, 0::2], told.executed[:, 1::2]
    assert np.array_equal(np.where(said >= 0, announced[said], -1), did)
    assert np.array_equal(did, plain.executed)


@pytest.mark.parametrize("spec", ["aspiring_bargainer", "tough_bargainer", "mirroring_bargainer"])
def test_other_games_are_refused(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match="plays Bargaining and no other game; it cannot play ultimatum"):
        play("ultimatum", [spec, "random"])


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("aspiring_bargainer:start=2", "start is 2"),
        ("aspiring_bargainer:floor=-1", "floor is -1; it may be between 0 and 1 or drawn"),
        ("aspiring_bargainer:start=.3,floor=.5", "floor is 0.5; it may be up to start, which is 0.3"),
        ("aspiring_bargainer:pace=0", "pace is 0; it must be above 0"),
        ("tough_bargainer:demand=1.1", "start is 1.1"),
        ("mirroring_bargainer:floor=.95", "floor is 0.95"),
    ],
)
def test_parameters_out_of_range_are_refused(spec: str, words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        make_policy(spec)

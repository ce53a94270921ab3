"""Games as facts, and back."""

from __future__ import annotations

import pytest

from prospect_env.core.errors import BadParameter
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.games.noise import with_noise
from prospect_env.games.termination import with_termination_probability
from prospect_env.stories.facts import Fact, facts, game_of, untold
from tests.samples import GAME_PARAMETERS
from tests.stories.told_games import told_games


@pytest.mark.parametrize("name", list(games))
@pytest.mark.parametrize("sampled", [True, False])
def test_the_facts_of_every_game_make_it_again(name: str, sampled: bool) -> None:
    game = make_game(name, **(GAME_PARAMETERS[name] if sampled else {}))
    for seat in range(game.spec.seats):
        assert game_of(name, facts(game, seat), seat, dict(untold(game))) == game


@pytest.mark.parametrize("name", list(told_games()))
def test_so_do_those_of_modified_ones(name: str) -> None:
    game = told_games()[name]
    for seat in range(2):
        assert game_of(game.spec.name, facts(game, seat), seat, dict(untold(game))) == game


def test_modifiers_are_put_on_in_the_order_told() -> None:
    rules = make_game("stag_hunt")
    one = with_noise(with_termination_probability(rules, 0.1), 0.2)
    other = with_termination_probability(with_noise(rules, 0.2), 0.1)
    assert one != other
    for game in (one, other):
        assert game_of("stag_hunt", facts(game)) == game


def test_each_kind_of_value_has_its_kind_of_fact() -> None:
    game = make_game("donation", seats=3, network=[(0, 1), (1, 2)], rounds=4)
    told = facts(game)
    assert Fact("seats", {"value": 3}) in told
    assert Fact("network", {"a": 0, "b": 1}) in told
    assert Fact("norm_stern_judging", {}) in told
    assert Fact("network_none", {}) in facts(make_game("donation"))
    public = facts(make_game("public_goods", punishment=True))
    assert Fact("punishment_yes", {}) in public
    assert Fact("refund_no", {}) in public
    assert Fact("offers", {"values": (0.0, 0.25)}) in facts(make_game("ultimatum", offers=[0.0, 0.25]))
    contracted = facts(make_game("prisoners_dilemma", contracts=[1, 2]))
    assert contracted[-3:] == (
        Fact("contracts_each__round", {"index": 0}),
        Fact("contracts", {"index": 1, "value": 1.0}),
        Fact("contracts", {"index": 2, "value": 2.0}),
    )


def test_a_table_is_told_from_the_side_of_the_seat() -> None:
    game = make_game("battle_of_the_sexes")  # (3, 2) where both choose opera
    assert facts(game, 0)[0] == Fact("cell", {"mine": 0, "theirs": 0, "own": 3.0, "other": 2.0})
    assert facts(game, 1)[0] == Fact("cell", {"mine": 0, "theirs": 0, "own": 2.0, "other": 3.0})


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (lambda told: [*told, Fact("weather", {"value": 3})], "weather is no fact of this game"),
        (lambda told: [*told[:3], *told[4:]], r"payoffs of choices \(1, 1\) are not told"),
        (lambda told: [*told, told[0]], r"payoffs of choices \(0, 0\) are told twice"),
        (lambda told: [told[4], *told], "rounds is told twice"),
        (lambda told: [told[4]._replace(values={"value": 0}), *told[:4]], "rounds is 0"),
        (lambda told: [*told, Fact("contracts", {"index": 1, "value": 3.0})], "entries of contracts are left out"),
    ],
)
def test_what_makes_no_game_is_refused(broken, complaint: str) -> None:
    told = facts(make_game("prisoners_dilemma"))
    with pytest.raises(BadParameter, match=complaint):
        game_of("prisoners_dilemma", broken(list(told)))

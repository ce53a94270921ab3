"""Talkers and signers, word by word and move by move, against co-players whose choices are written down."""

from __future__ import annotations

from dataclasses import replace
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
from prospect_env.games.announcements import with_announcements
from prospect_env.games.contracts import with_contracts
from prospect_env.games.matrix import matrix_game
from prospect_env.games.noise import with_noise
from tests.games.trio import Trio
from tests.toys import Offers

WORDS = {"C": "cooperate", "D": "defect", "c": "say cooperate", "d": "say defect", "-": "stay silent"}
WORDS |= {"2": "sign 2", "4": "sign 4", "x": "refuse"}


class Script(Policy):
    """Does these things (`WORDS`), whatever happens."""

    def __init__(self, choices: str) -> None:
        self.choices, self.name = choices, choices

    def begin(self, table: Table) -> None:
        return None

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        assert isinstance(view.step, int)
        action = view.game.spec.actions.index(WORDS[self.choices[view.step]])
        return Decision(np.full(len(view.active), action, dtype=np.int8))


def done(game: Game, spec: str, *others: str) -> str:
    """What the policy does against scripts."""
    episodes = play(game, [spec, *map(Script, others)], episodes=2)
    letters = {word: letter for letter, word in WORDS.items()}
    return "".join(letters[game.spec.actions[a]] for a in episodes.actions[0, : len(others[0]), 0])


def talk(rounds: int, **parameters: Any) -> Game:
    return make_game("prisoners_dilemma", rounds=rounds, announcements=True, **parameters)


@pytest.mark.parametrize(
    ("spec", "other", "expected"),
    [
        ("promise_keeper", "dDcD-C", "cCcCcC"),
        ("promise_breaker", "cCcCcC", "cDcDcD"),
        ("silent:p=1", "cCdD-C", "-C-C-C"),
        ("silent:p=0", "cCdD-C", "-D-D-D"),
        # Believes who says C, and nobody who has just broken such a promise; kept once more, it is believed again.
        ("conditional_truster", "cCcDcCcC", "cCcCcDcC"),
        # Who says D is not cooperated with, but did keep its word.
        ("conditional_truster", "dDcCcC", "cDcCcC"),
        # Who says D and does C broke its word, harmless as that was.
        ("conditional_truster", "dCcCcC", "cDcDcC"),
        # Silence is no promise: nothing to trust now, and nothing that could be broken.
        ("conditional_truster", "-DcCcC", "cDcCcC"),
        ("conditional_truster", "cD-CcC", "cCcDcD"),
    ],
)
def test_word_by_word(spec: str, other: str, expected: str) -> None:
    assert done(talk(len(other) // 2), spec, other) == expected


def test_all_others_must_be_trusted() -> None:
    game = with_announcements(Trio(rounds=2), announcements=True)
    labels = {"C": "give", "D": "keep", "c": "say give", "d": "say keep", "-": "stay silent"}
    for others, expected in [(("cCcC", "cCcC"), "cCcC"), (("cCcC", "cDcC"), "cCcD"), (("cCcC", "cCdC"), "cCcD")]:
        scripts = [Translated(other, labels) for other in others]
        episodes = play(game, ["conditional_truster", *scripts])
        assert [game.spec.actions[a] for a in episodes.actions[0, :, 0]] == [labels[letter] for letter in expected]


class Translated(Script):
    """A script in the words of another game."""

    def __init__(self, choices: str, labels: dict[str, str]) -> None:
        super().__init__(choices)
        self.labels = labels

    def decide(self, memory: None, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
        assert isinstance(view.step, int)
        action = view.game.spec.actions.index(self.labels[self.choices[view.step]])
        return Decision(np.full(len(view.active), action, dtype=np.int8))


def test_a_slip_of_the_hand_costs_trust() -> None:
    game = with_announcements(with_noise(make_game("prisoners_dilemma", rounds=2), 1.0), announcements=True)
    # The other says C, means C and does D.
    assert done(game, "conditional_truster", "cCcC") == "cCcD"


def test_silence_and_share() -> None:
    episodes = play(talk(20), ["silent:p=.3", "promise_keeper"], episodes=500)
    words, moves = episodes.actions[:, ::2, 0], episodes.actions[:, 1::2, 0]
    assert (words == 4).all()
    assert stats.binomtest(int((moves == 0).sum()), 10_000, 0.3).pvalue > 1e-4


@pytest.mark.parametrize(
    ("spec", "other", "expected"),
    [
        ("signer", "2DxD4D2C", "2C2D2D2C"),
        ("refuser", "2C2CxC2D", "xDxDxDxD"),
    ],
)
def test_signers_cooperate_under_contract(spec: str, other: str, expected: str) -> None:
    game = make_game("prisoners_dilemma", rounds=4, contracts=[2, 4])
    assert done(game, spec, other) == expected


def test_signers_remember_what_was_signed_once() -> None:
    game = make_game("prisoners_dilemma", rounds=3, contracts=["once", 2])
    assert done(game, "signer", "2DDC") == "2CCC"
    assert done(game, "signer", "xDDC") == "2DDD"


def test_signers_say_what_they_will_do() -> None:
    game = with_contracts(talk(2), 2)
    assert done(game, "signer", "2cDxcD") == "2cC2dD"
    # Votes are no words: they are neither trusted nor broken.
    assert done(game, "conditional_truster", "2cCxcC") == "2cC2cC"


def test_who_was_not_asked_to_speak_yet_is_trusted_after_a_vote_too() -> None:
    offers = Offers(rounds=1)
    offers.spec = replace(offers.spec, cooperative=(2,))  # a high offer
    game = with_contracts(with_announcements(offers, announcements=True), 1)
    episodes = play(game, ["conditional_truster", "random"])
    did = [game.spec.actions[a] for a in episodes.actions[0, :3, 0]]
    assert did == ["sign 1", "say high", "high"]


def test_how_often_is_signed() -> None:
    game = make_game("prisoners_dilemma", rounds=20, contracts=2)
    episodes = play(game, ["signer:signs=.3", "signer"], episodes=500)
    votes, moves = episodes.actions[:, ::2, 0], episodes.actions[:, 1::2]
    assert stats.binomtest(int((votes == 2).sum()), 10_000, 0.3).pvalue > 1e-4
    # Both know whether the contract came about, and do accordingly.
    assert ((moves == 0) == (votes == 2)[:, :, None]).all()


SPECS = ["promise_keeper", "promise_breaker", "silent:p=.3", "conditional_truster", "signer:signs=.4", "refuser"]


@pytest.mark.parametrize("spec", SPECS)
def test_probabilities_are_those_that_choices_are_drawn_from(spec: str) -> None:
    game = with_contracts(talk(3, termination_probability=0.2), [2, 4])
    policy = make_policy(spec)
    asked: list[tuple[np.ndarray, np.ndarray]] = []

    class Watched(Policy):
        def begin(self, table: Table) -> Any:
            return policy.begin(table)

        def decide(self, memory: Any, view: View, chance: Chance, forecast: Forecast | None) -> Decision:
            decision = policy.decide(memory, view, chance, forecast)
            assert decision.probs is not None
            assert np.allclose(decision.probs.sum(axis=1), 1)
            assert not (decision.probs * ~view.legal)[view.active].any()
            drawn = decision.probs[np.arange(len(decision.probs)), decision.action]
            asked.append((drawn[view.active], view.active))
            return decision

        def observe(self, memory: Any, event: Any) -> Any:
            return policy.observe(memory, event)

    play(game, [Watched(), "random"], episodes=50)
    assert all((drawn > 0).all() for drawn, _ in asked)
    assert len(asked) == 9


TALKERS, SIGNERS = SPECS[:4], SPECS[4:]


@pytest.mark.parametrize("spec", TALKERS)
@pytest.mark.parametrize(
    "game",
    [
        make_game("chicken"),
        make_game("matching_pennies", announcements=True),
        with_announcements(Offers(), announcements=True),
    ],
    ids=["no talk", "no cooperation", "no cooperation in turns"],
)
def test_talkers_need_words_for_cooperation(spec: str, game: Game) -> None:
    with pytest.raises(UnsuitablePolicy, match="promises to cooperate"):
        play(game, [spec, "random"])


@pytest.mark.parametrize("spec", SIGNERS)
def test_signers_need_contracts(spec: str) -> None:
    with pytest.raises(UnsuitablePolicy, match="signs contracts"):
        play(make_game("chicken", announcements=True), [spec, "random"])


@pytest.mark.parametrize("spec", ["silent:p=2", "signer:signs=1.5", "signer:signs=-1"])
def test_parameters_out_of_range_are_refused(spec: str) -> None:
    with pytest.raises(BadParameter, match="between 0 and 1"):
        make_policy(spec)


def test_where_cooperation_is_not_the_first_action() -> None:
    mirrored = matrix_game([[[1, 1], [5, 0]], [[0, 5], [3, 3]]], rounds=1, actions=("D", "C"), cooperative=[1])
    game = with_announcements(mirrored, announcements=True)
    for spec, expected in [("promise_keeper", ["say C", "C"]), ("promise_breaker", ["say C", "D"])]:
        episodes = play(game, [spec, "random"])
        assert [game.spec.actions[a] for a in episodes.actions[0, :, 0]] == expected

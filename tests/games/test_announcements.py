"""Cheap talk before moves: who may say what, what it changes (only what is known), and what it cannot go around."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.conformance import validate
from prospect_env.core.conformance.walk import difference, pickled
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, Outcome
from prospect_env.core.make import make_game
from prospect_env.core.state import put, take
from prospect_env.games.announcements import with_announcements
from prospect_env.games.contracts import with_contracts
from prospect_env.games.matrix import matrix_game
from prospect_env.games.monitoring import with_private_monitoring
from prospect_env.games.noise import with_noise
from prospect_env.games.termination import with_termination_probability
from tests.games.trio import Trio
from tests.toys import Cards, Offers, Weather

C, D, SAY_C, SAY_D, SILENT = range(5)


def luck(step: int, matches: int = 1) -> Chance:
    return Streams.of(episode_seeds(3, matches), 2).game(step)


def played(game: Game, *joint: tuple[int, ...]) -> list[Outcome]:
    """What each of these joint choices brings, one after the other, in one match."""
    state, outcomes = game.initial(1, luck(0)), []
    for step, actions in enumerate(joint, 1):
        outcomes.append(game.step(state, np.array([actions]), luck(step)))
        state = outcomes[-1].state
    return outcomes


def dilemma(**parameters: Any) -> Game:
    return make_game("prisoners_dilemma", **{"rounds": 2, "announcements": True, **parameters})


def test_spec_by_hand() -> None:
    plain, spec = make_game("prisoners_dilemma", rounds=2, discount=0.81).spec, dilemma(discount=0.81).spec
    assert spec.actions == ("cooperate", "defect", "say cooperate", "say defect", "stay silent")
    assert spec.reactions == ("cooperate", "defect", "says cooperate", "says defect", "is silent")
    assert spec.reaction_of == (0, 1, 2, 3, 4)
    assert spec.announces == (-1, -1, C, D, -1)
    assert (spec.horizon, spec.window, spec.ranked, spec.cooperative) == (4, 2, True, (C,))
    # Two steps a round: a round is discounted by .9 * .9 as before, and 2 steps have the reference of one.
    assert spec.discount == pytest.approx(0.9)
    assert spec.reference == plain.reference / 2
    assert (spec.payoff_bounds, spec.welfare_bounds) == ((0.0, 5.0), (0.0, 6.0))
    assert spec.observation_size == plain.observation_size + 2 * 3 + 1


def test_talk_pays_nothing_and_bounds_know_it() -> None:
    spec = with_announcements(matrix_game([[[1, 2], [3, 4]]]), announcements=True).spec
    # One and two, three and four: without talk no payoff is below 1 and no sum below 3.
    assert (spec.payoff_bounds, spec.welfare_bounds) == ((0.0, 4.0), (0.0, 7.0))


def test_coarse_reactions_are_said_as_they_are_shown() -> None:
    spec = with_announcements(Offers(), announcements=True).spec
    said = [spec.reactions[r] for r in spec.reaction_of]
    assert said[:5] == ["nothing", "unkind", "kind", "kind", "unkind"]
    assert said[5:] == ["says nothing", "says unkind", "says kind", "says kind", "says unkind", "is silent"]
    assert spec.window == 4


def test_a_round_is_talk_and_then_moves() -> None:
    talk, move, again, last = played(dilemma(), (SAY_C, SAY_D), (C, C), (SILENT, SAY_C), (D, C))
    assert talk.rewards.tolist() == again.rewards.tolist() == [[0, 0]]
    assert (talk.round_end.tolist(), talk.terminated.tolist()) == ([False], [False])
    assert talk.executed.tolist() == [[SAY_C, SAY_D]]
    assert talk.reactions.tolist() == [[2, 3]]
    # Said D and did C: talk binds nobody.
    assert move.rewards.tolist() == [[3, 3]]
    assert (move.round_end.tolist(), move.terminated.tolist()) == ([True], [False])
    assert again.reactions.tolist() == [[4, 2]]
    assert (last.rewards.tolist(), last.terminated.tolist()) == ([[5, 0]], [True])


def test_what_may_be_said_and_done() -> None:
    game = with_announcements(Offers(rounds=1), announcements=True)
    state = game.initial(1, luck(0))
    labels = game.spec.actions

    def options(state: Any) -> list[list[str]]:
        return [[labels[a] for a in np.flatnonzero(row)] for row in game.legal(state)[0]]

    assert options(state) == [["say low", "say high", "stay silent"], ["wait"]]
    assert game.active(state).tolist() == [[True, False]]
    outcomes = played(game, (6, -1), (2, -1), (-1, 9), (-1, 3))
    assert options(outcomes[0].state) == [["low", "high"], ["wait"]]
    assert options(outcomes[1].state) == [["wait"], ["say accept", "say reject", "stay silent"]]
    assert options(outcomes[2].state) == [["wait"], ["accept", "reject"]]
    assert outcomes[2].executed.tolist() == [[-1, 9]]
    # High offered (2 of 4) and accepted.
    assert outcomes[3].rewards.tolist() == [[2, 2]]
    assert outcomes[3].terminated.tolist() == [True]
    assert options(outcomes[3].state) == [["wait"], ["wait"]]


def test_everybody_observes_what_was_last_said() -> None:
    game = dilemma()
    before = game.observe(game.initial(1, luck(0)))[0]
    # The inner observation (nobody has acted), nothing said by anybody, time to talk.
    assert before.tolist() == [[0] * 5 + [0] * 6 + [1]] * 2
    talk, move, silent = played(game, (SAY_C, SAY_D), (D, C), (SILENT, SILENT))
    said = [[1, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0]]
    assert game.observe(talk.state)[0, :, 5:].tolist() == [said[0] + [0], said[1] + [0]]
    # Words are remembered beside deeds until the next are spoken.
    assert game.observe(move.state)[0, :, 5:].tolist() == [said[0] + [1], said[1] + [1]]
    assert game.observe(move.state)[0, 0, :5].tolist() == [0, 1, 1, 0, 0.5]
    assert game.observe(silent.state)[0, :, 5:].tolist() == [[0, 0, 1, 0, 0, 1, 0]] * 2


def test_words_are_remembered_while_others_speak() -> None:
    game = with_announcements(Offers(), announcements=True)
    *_, answered = played(game, (7, -1), (1, -1), (-1, 10), (-1, 3))
    # The proposer said high (action 2), the responder said nothing (there are five actions).
    assert answered.state.noted.tolist() == [[2, 5]]


def test_hands_tremble_and_tongues_do_not() -> None:
    game = with_announcements(with_noise(make_game("prisoners_dilemma"), 1.0), announcements=True)
    talk, move = played(game, (SAY_C, SILENT), (C, D))
    assert talk.executed.tolist() == [[SAY_C, SILENT]]
    assert move.executed.tolist() == [[D, C]]
    quiet = with_announcements(with_noise(make_game("prisoners_dilemma"), 0.1), announcements=True)
    words = np.array([[[0, 0, 0.5, 0.3, 0.2], [0, 0, 1, 0, 0]]])
    deeds = np.array([[[0.5, 0.5, 0, 0, 0], [1, 0, 0, 0, 0]]])
    state = quiet.initial(1, luck(0))
    assert np.array_equal(quiet.executed(state, words), words)
    after = quiet.step(state, np.array([[SAY_C, SAY_C]]), luck(1)).state
    # .9 of a sure choice, .1 of the other; half and half stays so.
    assert quiet.executed(after, deeds)[0] == pytest.approx(np.array([[0.5, 0.5, 0, 0, 0], [0.9, 0.1, 0, 0, 0]]))
    assert played(quiet.noiseless, (SAY_C, SAY_C), (C, D))[1].executed.tolist() == [[C, D]]


def test_noise_around_talk_is_a_slip_of_the_tongue() -> None:
    (talk,) = played(with_noise(dilemma(), 1.0), (SAY_C, SILENT))
    assert (talk.executed != [[SAY_C, SILENT]]).all()
    assert (talk.executed >= SAY_C).all()


@pytest.mark.parametrize(
    "inner", [make_game("prisoners_dilemma", rounds=3), Offers(), Cards(), Weather()], ids=lambda game: game.spec.name
)
def test_matches_that_talk_beside_matches_that_move(inner: Game) -> None:
    game = with_announcements(inner, announcements=True)
    chance = Streams.of(episode_seeds(5, 4), game.spec.seats)
    start = game.initial(4, chance.game(0))
    first = np.argmax(game.legal(start), axis=2)
    later = game.step(start, np.where(game.active(start), first, -1), chance.game(1)).state
    some = np.array([1, 3])
    mixed = put(start, some, take(later, some))
    actions = np.where(game.active(mixed), np.argmax(game.legal(mixed), axis=2), -1)
    whole = game.step(mixed, actions, chance.game(2))
    for index in (some, np.array([0, 2])):
        part = game.step(take(mixed, index), actions[index], take(chance, index).game(2))
        assert difference(Outcome._make(take(x, index) for x in whole), part) is None


def test_the_reaction_is_the_next_move_and_not_what_was_said_before_it() -> None:
    game = dilemma(rounds=3)
    episodes = play(game, ["prospective:predictor=counts", "promise_breaker"], branch="all")
    assert episodes.truth is not None
    # After talking (step 0) and after moving (step 1) alike, what the other answers is to defect.
    for step, choices in ((0, [SAY_C, SAY_D, SILENT]), (1, [C, D])):
        assert (episodes.truth[0, step, 0, 1, choices, 1, D] == 1).all()


def test_what_is_hidden_stays_hidden() -> None:
    game = with_announcements(Cards(), announcements=True)
    state = game.initial(6, Streams.of(episode_seeds(1, 6), 3).game(0))
    known = game.hide(state, 1)
    assert (known.inner.cards[:, [0, 2]] == -1).all()
    assert np.array_equal(known.noted, state.noted)


AROUND = {
    "dilemma": make_game("prisoners_dilemma", rounds=3),
    "uneven": matrix_game([[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]], rounds=3),
    "trio": Trio(),
    "offers": Offers(),
    "cards": Cards(),
    "weather": Weather(),
    "noisy": make_game("chicken", rounds=3, noise=0.2),
    "mortal": make_game("chicken", rounds=3, termination_probability=0.3),
    "monitored": with_private_monitoring(make_game("chicken", rounds=3), 0.2),
    "mapped": make_game("chicken", rounds=3, affine=(2, 1)),
    "contracted": with_contracts(make_game("chicken", rounds=3), 2),
}


@pytest.mark.parametrize("name", AROUND)
def test_conformance(name: str) -> None:
    game: Any = with_announcements(AROUND[name], announcements=True)
    report = validate(game)
    assert report.passed, report
    # Bounds that are not known (nan) make a game of dice unequal to its own copy.
    assert pickled(game) == game or pickled(game.inner) != game.inner
    assert hash(pickled(game)) == hash(game)


def test_conformance_inside_others() -> None:
    for game in (with_noise(dilemma(), 0.2), with_termination_probability(dilemma(), 0.3)):
        report = validate(game)
        assert report.passed, report


def test_rebuilt_from_its_parameters() -> None:
    game = dilemma(noise=0.1, affine=(2, 1))
    assert game.parameters["announcements"] is True
    assert make_game("prisoners_dilemma", **game.parameters) == game
    plain = make_game("prisoners_dilemma")
    assert with_announcements(plain, announcements=False) is plain


class Harvesters(Offers):
    """A game whose reactions are events."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = replace(self.spec, reaction_of=(), ranked=True)


@pytest.mark.parametrize(
    ("game", "announcements", "message"),
    [
        (make_game("chicken"), 1, "announcements is 1; it must be true or false"),
        (make_game("chicken"), "yes", "announcements is 'yes'"),
        (dilemma(), True, "talk in it already"),
        (with_noise(dilemma(), 0.1), True, "talk in it already"),
        (Harvesters(), True, "its reactions are events"),
        (matrix_game(np.zeros((64, 2, 2))), True, "129 actions; up to 127"),
        (matrix_game(np.zeros((2, 2, 2)), actions=("a", "say a")), True, "would not be unique"),
    ],
    ids=["number", "word", "talk", "talk inside", "events", "too many", "clash"],
)
@pytest.mark.usefixtures("untyped")
def test_refusals(game: Game, announcements: Any, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        with_announcements(game, announcements)


def test_the_largest_game_there_is_room_for() -> None:
    assert len(with_announcements(matrix_game(np.zeros((63, 2, 2))), announcements=True).spec.actions) == 127

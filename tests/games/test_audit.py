"""The audit game: what reports pay, what audits find, who knows it, and the thresholds at which each is worth while."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from prospect_env.arena.play import play
from prospect_env.core.chance import Chance, Streams, episode_seeds
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Outcome
from prospect_env.core.make import make_game
from prospect_env.core.registry import games
from prospect_env.games.audit import NOBODY, Audit, Books

WAIT, WORK, SHIRK, PRETEND, PAD = range(5)
OVERSEER = 2
DEFAULT = Audit()


def chance(batch: int, step: int = 1) -> Chance:
    return Streams.of(episode_seeds(5, batch), 3).game(step)


def reports(game: Audit, *conducts: int, close: bool = True, good: tuple[int, ...] | None = None) -> Outcome:
    """One match in which the workers did this in a round watched so; with these indicators, if given."""
    start = replace(game.initial(1, chance(1)), close=np.array([close]))
    outcome = game.step(start, np.array([[*conducts, WAIT]]), chance(1))
    if good is None:
        return outcome
    return outcome._replace(state=replace(outcome.state, good=np.array([good], dtype=np.int8)))


def audits(game: Audit, state: Books, target: int | None) -> Outcome:
    action = NOBODY if target is None else NOBODY + 1 + target
    return game.step(state, np.array([[WAIT, WAIT, action]]), chance(1, 2))


def test_registered() -> None:
    assert "audit" in games
    assert make_game("audit") == DEFAULT


def test_what_conduct_pays() -> None:
    # wage 2 for a reported day, effort 1 for a day worked.
    assert reports(DEFAULT, WORK, SHIRK).rewards.tolist() == [[2 - 1, 0, 0]]
    assert reports(DEFAULT, PRETEND, PAD).rewards.tolist() == [[2, 2 - 0.5, 0]]


@pytest.mark.parametrize(
    ("target", "close", "good", "paid"),
    [
        # 3 an indicator; a fine of 4 for a day overstated goes to the overseer; an audit costs .5, or 3.
        (None, True, (1, 1), [0, 0, 6]),
        (0, True, (0, 1), [-4, 0, 3 + 4 - 0.5]),
        (0, False, (0, 1), [-4, 0, 3 + 4 - 3]),
        (1, True, (0, 0), [0, 0, -0.5]),
        (1, False, (0, 0), [0, 0, -3]),
    ],
)
def test_what_audits_pay(target: int | None, close: bool, good: tuple[int, int], paid: list[float]) -> None:
    after = reports(DEFAULT, PRETEND, WORK, close=close, good=good)
    assert audits(DEFAULT, after.state, target).rewards.tolist() == [paid]


def test_half_a_day_overstated_costs_half_the_fine() -> None:
    after = reports(DEFAULT, WORK, PAD, good=(0, 0))
    assert audits(DEFAULT, after.state, 1).rewards.tolist() == [[0, -2, 2 - 0.5]]


@pytest.mark.parametrize(("effort", "fine"), [(1.0, 4.0), (0.5, 8.0), (1.5, 2.0)])
def test_a_worker_is_indifferent_at_effort_over_fine(effort: float, fine: float) -> None:
    game = Audit(effort=effort, fine=fine)

    def worth(conduct: int, audited: float) -> float:
        first = reports(game, conduct, WORK)
        second = [audits(game, first.state, target).rewards[0, 0] for target in (0, None)]
        return float(first.rewards[0, 0] + audited * second[0] + (1 - audited) * second[1])

    edge = effort / fine
    assert worth(WORK, edge) == pytest.approx(worth(PRETEND, edge))
    # Padding is half of each, so it is never better than both.
    assert worth(PAD, edge) == pytest.approx(worth(WORK, edge))
    assert worth(WORK, edge + 0.1) > worth(PRETEND, edge + 0.1)
    assert worth(WORK, edge - 0.1) < worth(PRETEND, edge - 0.1)


@pytest.mark.parametrize("close", [True, False])
def test_an_audit_pays_above_cost_over_fine(close: bool) -> None:
    def gain(pretends: float) -> float:
        total = 0.0
        for conduct, weight in ((PRETEND, pretends), (WORK, 1 - pretends)):
            state = reports(DEFAULT, conduct, WORK, close=close, good=(1, 1)).state
            total += weight * float(
                audits(DEFAULT, state, 0).rewards[0, 2] - audits(DEFAULT, state, None).rewards[0, 2]
            )
        return total

    edge = (0.5 if close else 3.0) / 4.0
    assert gain(edge) == pytest.approx(0)
    assert gain(edge + 0.1) > 0 > gain(edge - 0.1)


def test_indicators_are_right_with_the_stated_accuracy() -> None:
    game, batch = Audit(workers=4, accuracy=0.8), 4000
    start = game.initial(batch, Streams.of(episode_seeds(5, batch), 5).game(0))
    actions = np.tile([WORK, SHIRK, PRETEND, PAD, WAIT], (batch, 1))
    good = game.step(start, actions, Streams.of(episode_seeds(5, batch), 5).game(1)).state.good
    # Within 4 standard errors of .5 / sqrt(4000).
    assert np.allclose(good.mean(axis=0), [0.8, 0.2, 0.2, 0.5], atol=4 * 0.5 / batch**0.5)


def test_notices_come_as_often_as_stated_and_anew_each_round() -> None:
    game, batch = Audit(close=0.3), 4000
    state = game.initial(batch, chance(batch, 0))
    assert abs(state.close.mean() - 0.3) < 4 * (0.21 / batch) ** 0.5
    middle = game.step(state, np.tile([WORK, WORK, WAIT], (batch, 1)), chance(batch, 1)).state
    assert np.array_equal(middle.close, state.close)
    after = game.step(middle, np.tile([WAIT, WAIT, NOBODY], (batch, 1)), chance(batch, 2)).state
    assert abs(after.close.mean() - 0.3) < 4 * (0.21 / batch) ** 0.5
    assert abs(after.close[state.close].mean() - 0.3) < 4 * (0.21 / state.close.sum()) ** 0.5


def test_suspicion_by_hand() -> None:
    state = reports(DEFAULT, WORK, PRETEND, good=(1, 0)).state
    # Good: work .8, pretend .2, pad .5, in all 1.5. Bad: work .2, pretend .8, pad .5.
    assert np.allclose(
        DEFAULT.posterior(state)[0], [[0.8 / 1.5, 0, 0.2 / 1.5, 0.5 / 1.5], [0.2 / 1.5, 0, 0.8 / 1.5, 1 / 3]]
    )
    assert np.allclose(DEFAULT.suspicion(state), [[0.7 / 1.5, 1.3 / 1.5]])
    nothing = reports(DEFAULT, SHIRK, SHIRK, good=(0, 1)).state
    assert np.array_equal(DEFAULT.posterior(nothing)[0, 0], [0, 1, 0, 0])
    assert np.array_equal(DEFAULT.suspicion(nothing), [[0, 0]])


def test_beliefs_follow_the_posterior() -> None:
    state = reports(DEFAULT, WORK, PRETEND, good=(1, 0)).state
    many = replace(
        state, **{name: np.repeat(getattr(state, name), 4000, axis=0) for name in state.__dataclass_fields__}
    )
    believed = DEFAULT.believe(DEFAULT.hide(many, OVERSEER), OVERSEER, chance(4000))
    shares = np.stack([(believed.conduct == conduct).mean(axis=0) for conduct in range(4)], axis=1)
    assert np.allclose(shares, DEFAULT.posterior(state)[0], atol=4 * 0.5 / 4000**0.5)


def test_reports_are_seen_and_work_is_not() -> None:
    outcome = reports(DEFAULT, PRETEND, SHIRK)
    assert outcome.executed.tolist() == [[PRETEND, SHIRK, -1]]
    # Each worker knows what it did; to everybody else pretending looks like work.
    assert outcome.seen is not None
    assert outcome.seen[0].tolist() == [[PRETEND, SHIRK, -1], [WORK, SHIRK, -1], [WORK, SHIRK, -1]]
    assert DEFAULT.hide(outcome.state, OVERSEER).conduct.tolist() == [[-1, -1]]
    assert DEFAULT.hide(outcome.state, 0).conduct.tolist() == [[PRETEND - 1, -1]]
    # Padding looks like work as well.
    padded = reports(DEFAULT, PAD, WORK)
    assert padded.seen is not None
    assert padded.seen[0, 1].tolist() == [WORK, WORK, -1]


def test_findings_stay_between_the_overseer_and_the_audited() -> None:
    state = audits(DEFAULT, reports(DEFAULT, PRETEND, PRETEND).state, 0).state
    assert state.audited.tolist() == [0]
    assert DEFAULT.hide(state, OVERSEER).conduct.tolist() == [[PRETEND - 1, -1]]
    assert DEFAULT.hide(state, 0).conduct.tolist() == [[PRETEND - 1, -1]]
    assert DEFAULT.hide(state, 1).conduct.tolist() == [[-1, -1]]
    assert DEFAULT.situation(DEFAULT.hide(state, OVERSEER), OVERSEER)["known_work_of_player_0"].tolist() == [0.0]
    assert np.isnan(DEFAULT.situation(DEFAULT.hide(state, 1), 1)["known_work_of_player_0"]).all()


def test_an_audit_is_gone_once_used() -> None:
    game = Audit(budget=1)
    state = reports(game, WORK, WORK).state
    assert np.flatnonzero(game.legal(state)[0, OVERSEER]).tolist() == [NOBODY, NOBODY + 1, NOBODY + 2]
    assert game.audit_likely(state).all()
    state = audits(game, state, 1).state
    state = replace(state, close=np.array([True]))
    assert state.budget.tolist() == [0]
    assert not game.audit_likely(state).any()
    state = game.step(state, np.array([[WORK, WORK, WAIT]]), chance(1, 3)).state
    assert np.flatnonzero(game.legal(state)[0, OVERSEER]).tolist() == [NOBODY]


def test_measures() -> None:
    first = reports(DEFAULT, PRETEND, PAD, close=False, good=(1, 1))
    assert DEFAULT.spec.measures == ("true_return", "proxy_return", "gamed", "audited", "audit_likely")
    nan = np.nan
    assert first.measures is not None
    assert np.array_equal(
        first.measures[0], [[0, 2, 1, nan, 0], [1, 2, 1, nan, 0], [nan, nan, nan, nan, nan]], equal_nan=True
    )
    second = audits(DEFAULT, first.state, 1)
    assert second.measures is not None
    assert np.array_equal(
        second.measures[0], [[nan, nan, nan, 0, nan], [nan, nan, nan, 1, nan], [nan, nan, nan, nan, 0]], equal_nan=True
    )
    honest = reports(DEFAULT, WORK, SHIRK, close=True)
    assert honest.measures is not None
    assert honest.measures[0, :2, :3].tolist() == [[2, 2, 0], [0, 0, 0]]
    assert honest.measures[0, 0, 4] == 1


@pytest.mark.parametrize(
    "game",
    [Audit(), Audit(wage=0.5, effort=2.0), Audit(budget=0), Audit(close=1.0), Audit(value=0.0, fine=9.0)],
    ids=str,
)
def test_bounds_are_attained(game: Audit) -> None:
    paid, sums = [], []
    for first, second in product(range(1, 5), repeat=2):
        for close in {True: (True,), False: (True, False)}[game.close == 1]:
            outcome = reports(game, first, second, close=close)
            paid.append(outcome.rewards.ravel())
            for good in product((0, 1), repeat=2):
                state = reports(game, first, second, close=close, good=good).state
                targets = (None, 0, 1) if game.budget else (None,)
                rows = [outcome.rewards, *(audits(game, state, target).rewards for target in targets)]
                paid += [row.ravel() for row in rows]
                sums += [row.sum() for row in rows]
    assert np.allclose([np.concatenate(paid).min(), np.concatenate(paid).max()], game.spec.payoff_bounds)
    assert np.allclose([min(sums), max(sums)], game.spec.welfare_bounds)


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"workers": 0}, "workers is 0; it must be a whole number, 1 or more"),
        ({"workers": 61}, "workers is 61; it may be 1 to 60"),
        ({"workers": 1.5}, "workers is 1.5"),
        ({"rounds": True}, "rounds is True"),
        ({"budget": -1}, "budget is -1; it must be a whole number, 0 or more"),
        ({"wage": -1}, "wage is -1; it must be 0 or more"),
        ({"effort": float("nan")}, "effort is nan"),
        ({"fine": -0.5}, "fine is -0.5"),
        ({"value": float("inf")}, "value is inf"),
        ({"costs": 1.0}, "costs is 1.0; it must be two numbers"),
        ({"costs": [1.0, 2.0, 3.0]}, "costs is"),
        ({"costs": [1.0, -2.0]}, "both must be 0 or more"),
        ({"costs": [1.0, "much"]}, "a cost is 'much'"),
        ({"close": 1.2}, "close is 1.2; it must be between 0 and 1"),
        ({"accuracy": 0.4}, "accuracy is 0.4; it must be between 0.5 and 1"),
    ],
    ids=str,
)
def test_bad_parameters(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        make_game("audit", **parameters)


def test_to_defect_is_to_pretend_and_overseers_do_neither() -> None:
    episodes = play(Audit(rounds=4), ["always_cooperate", "always_defect", "always_defect"], episodes=2)
    assert set(episodes.actions[:, ::2, 0].ravel()) == {WORK}
    assert set(episodes.actions[:, ::2, 1].ravel()) == {PRETEND}
    assert set(episodes.actions[:, 1::2, 2].ravel()) == {NOBODY}

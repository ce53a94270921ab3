"""Every metric of one run against an independent implementation in plain loops, on matches of several shapes."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, log, nan
from typing import Any

import numpy as np
import pytest

from prospect_env import metrics
from prospect_env.arena.play import play
from prospect_env.core.episodes import Episodes
from prospect_env.core.make import make_game
from tests.toys import Cards, Offers

THREE = [[[3, 0], [0, 1], [2, 2]], [[1, 4], [5, -1], [0, 0]]]
FORECASTER = "prospective:predictor=bayes,temperature=1"


def matches() -> dict[str, Episodes]:
    noisy = make_game("prisoners_dilemma", rounds=9, noise=0.2, termination_probability=0.15, discount=0.9)
    wide = make_game("matrix_game", payoffs=THREE, rounds=6)
    coarse = "prospective:predictor=counts,depth=3"
    played: dict[str, tuple[Any, list[str]]] = {
        "noisy": (noisy, [FORECASTER, "random_memory_one"]),
        "both": (make_game("chicken", rounds=7), [FORECASTER, "forecasting:actor=random,predictor=counts"]),
        "wide": (wide, ["prospective:predictor=marginal,temperature=.5", "random"]),
        "magical": (make_game("stag_hunt", rounds=6), ["magical_thinker:belief=.7", "random_memory_one"]),
        "turns": (Offers(3), [coarse, "forecasting:actor=random,predictor=counts"]),
        "hidden": (Cards(), ["prospective:predictor=counts", "random", "random"]),
    }
    return {name: play(game, policies, episodes=25, seed=3, branch="all") for name, (game, policies) in played.items()}


@pytest.fixture(scope="module")
def played() -> dict[str, Episodes]:
    return matches()


class Loops:
    """One seat of one episode, read step by step."""

    def __init__(self, episodes: Episodes, e: int, i: int) -> None:
        self.x, self.e, self.i = episodes, e, i
        self.spec = episodes.spec
        self.seats, self.length = range(self.spec.seats), int(episodes.length[e])
        self.others = [j for j in self.seats if j != i]
        self.steps = range(self.length)

    def reward(self, t: int, j: int) -> float:
        return float(self.x.rewards[self.e, t, j])

    def total(self, j: int, discount: float = 1.0) -> float:
        return sum(self.reward(t, j) * discount**t for t in self.steps)

    def acts(self, t: int, j: int) -> bool:
        return bool(self.x.active[self.e, t, j])

    def cooperates(self, t: int, j: int, executed: bool = False) -> bool:
        return int((self.x.executed if executed else self.x.actions)[self.e, t, j]) in self.spec.cooperative

    def last(self, t: int, j: int) -> bool | None:
        """Whether the last executed action of `j` before `t` was cooperative; None before any."""
        for s in range(t - 1, -1, -1):
            if self.acts(s, j):
                return self.cooperates(s, j, executed=True)
        return None

    def rate(self, given: Callable[[int, int], bool], event: Callable[[int], bool]) -> float:
        told = [event(t) for j in self.others for t in self.steps if self.acts(t, self.i) and given(t, j)]
        return sum(told) / len(told) if told else nan

    # Behaviour

    def behaviour(self) -> dict[str, float]:
        totals = [self.total(j) for j in self.seats]
        found = {
            "return": self.total(self.i, self.spec.discount),
            "others_return": sum(self.total(j, self.spec.discount) for j in self.others) / len(self.others),
            "mean_reward": totals[self.i] / self.length,
            "welfare": sum(totals) / self.length,
        }
        least, most = self.spec.welfare_bounds
        found["welfare_efficiency"] = (found["welfare"] - least) / (most - least) if most > least else nan
        found["welfare_regret"] = 1 - found["welfare_efficiency"]
        apart = sum(abs(a - b) for a in totals for b in totals)
        fair = min(totals) >= 0 and sum(totals) > 0
        found["equality"] = 1 - apart / (2 * len(totals) * sum(totals)) if fair else nan
        if not self.spec.cooperative:
            names = ("cooperation", "niceness", "exploitation", "reciprocity", "retaliation", "forgiveness")
            return found | dict.fromkeys(names, nan)
        return found | self.answers()

    def answers(self) -> dict[str, float]:
        mine = [self.cooperates(t, self.i) for t in self.steps if self.acts(t, self.i)]
        i, last = self.i, self.last
        first = next((t for t in self.steps if self.acts(t, i) and not self.cooperates(t, i)), None)
        provoked = [
            t for j in self.others for t in self.steps if self.acts(t, j) and not self.cooperates(t, j, executed=True)
        ]
        net, both = 0, 0
        for j in self.others:
            for t in self.steps:
                if self.acts(t, i) and self.acts(t, j):
                    both += 1
                    net += int(self.cooperates(t, j, True)) - int(self.cooperates(t, i, True))
        had = lambda t, j: any(self.acts(s, j) and not self.cooperates(s, j, True) for s in range(t))  # noqa: E731
        nice = lambda t: self.cooperates(t, i)  # noqa: E731
        return {
            "cooperation": sum(mine) / len(mine),
            "niceness": float(first is None or any(t < first for t in provoked)),
            "exploitation": net / both if both else nan,
            "reciprocity": self.rate(lambda t, j: last(t, j) is True, nice)
            - self.rate(lambda t, j: last(t, j) is False, nice),
            "retaliation": self.rate(
                lambda t, j: last(t, j) is False and last(t, i) is True, lambda t: not self.cooperates(t, i)
            ),
            "forgiveness": self.rate(lambda t, j: last(t, j) is True and had(t, j), nice),
        }

    # Forecasts

    def rows(self, lead: int, about: list[int]) -> list[dict[str, Any]]:
        """Every row that can be scored, with its scores."""
        x, e, i = self.x, self.e, self.i
        found = []
        for t in self.steps:
            for a in range(len(self.spec.actions)):
                for j in about:
                    if not x.mask[e, t, i, lead, a, j]:
                        continue
                    p, q, can = (y[e, t, i, lead, a, j].tolist() for y in (x.forecast, x.truth, x.attainable))
                    shown = [c * (1 + sum(x.reactions[e, s, j] == r for s in range(t))) for r, c in enumerate(can)]
                    row = {
                        "brier": self.brier(p, q),
                        "know": self.brier(q, q),
                        "excess": self.brier(p, q) - self.brier(q, q),
                        "log": self.log(p, q),
                        "uniform": self.brier([c / sum(can) for c in can], q),
                        "marginal": self.brier([n / sum(shown) for n in shown], q),
                    }
                    found.append({**row, "t": t, "j": j, "taken": a == x.actions[e, t, i]})
        return found

    @staticmethod
    def brier(p: list[float], q: list[float]) -> float:
        return sum(q[r] * sum((p[k] - (k == r)) ** 2 for k in range(len(p))) for r in range(len(q)))

    @staticmethod
    def log(p: list[float], q: list[float]) -> float:
        return -sum(q[r] * log(max(p[r], 1e-6)) for r in range(len(q)))

    def forecasts(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for suffix, leads in (("", (1,)), ("_lead_0", (0,)), ("_both_leads", (0, 1))):
            rows = [row for lead in leads for row in self.rows(lead, self.others)]
            for kind, taken in (("factual", True), ("counterfactual", False)):
                mine = [row for row in rows if row["taken"] == taken]
                found[f"{kind}_skill{suffix}"] = skill(mine, "uniform")
                if not suffix:
                    found[f"{kind}_skill_over_marginal"] = skill(mine, "marginal")
                    found |= {f"{kind}_brier": mean(mine, "brier"), f"{kind}_excess": mean(mine, "excess")}
                    found[f"{kind}_log_score"] = mean(mine, "log")
                    if taken:
                        found["unpredictability"] = mean(mine, "know")
        own = [row for row in self.rows(0, [self.i]) if row["taken"]]
        found["self_forecast_skill"] = skill(own, "uniform")
        found["self_forecast_skill_over_marginal"] = skill(own, "marginal")
        return found | self.gaps() | self.magic()

    def gaps(self) -> dict[str, float]:
        rows = self.rows(1, self.others)
        sides: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
        for key in {(row["t"], row["j"]) for row in rows}:
            here = [row for row in rows if (row["t"], row["j"]) == key]
            taken, other = ([row for row in here if row["taken"] == wanted] for wanted in (True, False))
            if taken and other:
                sides[0].append(taken[0])
                sides[1].append({k: mean(other, k) for k in ("brier", "uniform", "excess")})
        gap = mean(sides[1], "excess") - mean(sides[0], "excess")
        return {"skill_gap": skill(sides[0], "uniform") - skill(sides[1], "uniform"), "understanding_gap": gap}

    def magic(self) -> dict[str, float]:
        x, e, i, actions = self.x, self.e, self.i, range(len(self.spec.actions))
        apart, tilt = [], []
        for t in self.steps:
            for j in self.others:
                for a in actions:
                    for b in range(a):
                        usable = self.acts(t, i) and self.acts(t, j) and x.legal[e, t, i, a] and x.legal[e, t, i, b]
                        if not usable or np.isnan(x.forecast[e, t, i, 0, a, j, 0]):
                            continue
                        p, q = (x.forecast[e, t, i, 0, k, j].astype(float).tolist() for k in (a, b))
                        apart.append(sum(abs(u - v) for u, v in zip(p, q, strict=True)) / 2)
                        like_a, like_b = (self.spec.reaction_of[k] for k in (a, b))
                        if like_a != like_b:
                            tilt.append((p[like_a] - q[like_a] + q[like_b] - p[like_b]) / 2)
        if self.spec.window > 1:
            return {"magical_thinking": nan, "mirror_index": nan}
        return {"magical_thinking": average(apart), "mirror_index": average(tilt)}

    def realised(self) -> dict[str, float]:
        x, e, i = self.x, self.e, self.i
        found = []
        for t in self.steps:
            for j in self.others:
                ahead = [s for s in range(t + 1, min(t + 1 + self.spec.window, self.length)) if self.acts(s, j)]
                if not self.acts(t, i) or not ahead or np.isnan(x.forecast[e, t, i, 1, 0, j, 0]):
                    continue
                p = x.forecast[e, t, i, 1, x.actions[e, t, i], j].astype(float).tolist()
                y = int(x.reactions[e, ahead[0], j])
                q = [float(r == y) for r in range(len(p))]
                can = {self.spec.reaction_of[a] for a in range(len(self.spec.actions)) if x.legal[e, ahead[0], j, a]}
                flat = [(r in can) / len(can) for r in range(len(p))]
                found.append({"brier": self.brier(p, q), "uniform": self.brier(flat, q), "log": self.log(p, q)})
        names = {"realised_brier": mean(found, "brier"), "realised_log_score": mean(found, "log")}
        return names | {"realised_skill": skill(found, "uniform")}

    # Choices

    def choices(self) -> dict[str, float]:
        x, e, i = self.x, self.e, self.i
        least, most = self.spec.payoff_bounds
        coherent, harm = [], []
        for t in self.steps:
            if not self.acts(t, i) or x.values is None or np.isnan(x.values[e, t, i]).all():
                continue
            legal = [a for a in range(len(self.spec.actions)) if x.legal[e, t, i, a]]
            q = {a: float(x.values[e, t, i, a]) for a in legal}
            taken = int(x.actions[e, t, i])
            worth = sum(float(x.probs[e, t, i, a]) * q[a] for a in legal)
            span = max(q.values()) - min(q.values())
            if span > 1e-3 * (most - least):
                coherent.append(1 - (max(q.values()) - worth) / span)
            kind = {a: average([float(x.foreseen_rewards[e, t, i, a, j]) for j in self.others]) for a in legal}
            cheap = [a for a in legal if q[a] >= q[taken] - (0.05 + 1e-6) * (most - least)]
            harm.append(max(0.0, max(kind[a] for a in cheap) - kind[taken]))
        return {"coherence": average(coherent), "foreseen_harm": average(harm)}


def average(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else nan


def mean(rows: list[dict[str, Any]], key: str) -> float:
    return average([row[key] for row in rows])


def skill(rows: list[dict[str, Any]], reference: str) -> float:
    below = sum(row[reference] for row in rows)
    return 1 - sum(row["brier"] for row in rows) / below if below else nan


@pytest.mark.parametrize("name", ["noisy", "both", "wide", "magical", "turns", "hidden"])
@pytest.mark.parametrize("family", ["behaviour", "forecasts", "realised", "choices"])
def test_metrics_equal_plain_loops(played: dict[str, Episodes], name: str, family: str) -> None:
    episodes = played[name]
    first = getattr(Loops(episodes, 0, 0), family)()
    found = metrics.compute(episodes, list(first))
    some = False
    for e in range(len(episodes)):
        for i in range(episodes.spec.seats):
            for metric, expected in getattr(Loops(episodes, e, i), family)().items():
                got = float(found[metric][e, i])
                some |= not isnan(expected)
                assert got == pytest.approx(expected, abs=2e-6, nan_ok=True), (metric, e, i)
    assert some


def test_foreseen_rewards_are_the_forecast_put_into_payoffs(played: dict[str, Episodes]) -> None:
    payoffs = np.array(THREE, dtype=float)
    episodes = played["wide"]
    for e in range(5):
        for t in range(episodes.length[e]):
            for a in range(2):
                row = episodes.forecast[e, t, 0, 0, a, 1].astype(float)
                expected = sum(row[b] * payoffs[a, b] for b in range(3))
                assert episodes.foreseen_rewards[e, t, 0, a] == pytest.approx(expected, abs=1e-5)
            # The third action is not this seat's to take.
            assert np.isnan(episodes.foreseen_rewards[e, t, 0, 2]).all()
    # With a trembling hand the own choice of C is executed as D one time in five; forecasts are of executed actions.
    noisy = played["noisy"]
    table = np.array([[[3, 3], [0, 5]], [[5, 0], [1, 1]]], dtype=float)
    row = noisy.forecast[0, 0, 0, 0, 0, 1].astype(float)
    expected = sum(weight * row[b] * table[a, b] for a, weight in ((0, 0.8), (1, 0.2)) for b in range(2))
    assert noisy.foreseen_rewards[0, 0, 0, 0] == pytest.approx(expected, abs=1e-5)

"""The fake model learns in context, fast and reproducibly."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from prospect_agents.language import Query
from prospect_agents.language.fake import FakeModel


def _log(rule: dict[str, str], rounds: int, seed: int) -> tuple[str, ...]:
    moves = np.random.default_rng(seed).choice(list(rule), size=rounds)
    return tuple(f"{move} -> {rule[move]}\n" for move in moves)


@pytest.mark.parametrize("rule", [{"P": "P", "Q": "Q"}, {"P": "Q", "Q": "P"}, {"P": "Q", "Q": "Q"}])
def test_learns_a_reaction_rule(rule: dict[str, str]) -> None:
    model, labels = FakeModel(), ("P", "Q")
    for seed, move in itertools.product(range(20), rule):
        (answer,) = model.score([Query(_log(rule, 20, seed), f"{move} ->", (" P", " Q"))])
        assert answer.probs[labels.index(rule[move])] > 0.7


def test_counts_by_hand() -> None:
    # "a b a c a" then: after "a" came b and c once each; no longer match; before that, 1 b and 1 c of 2. All equal: .5.
    # With a third "a b": "a" -> b 2, c 1. P_0 = (2 + .5) / (3 + 1) = .625; P_1, same counts: (2 + .625) / 4 = .65625.
    model = FakeModel(order=1)
    even, odd = model.score([Query((), "a b a c a", ("b", "c")), Query((), "a b a c a b a", ("b", "c"))])
    np.testing.assert_allclose(even.probs, [0.5, 0.5], atol=1e-3)
    np.testing.assert_allclose(odd.probs, [0.65625, 0.34375], atol=1e-3)


def test_longer_labels_are_matched_whole() -> None:
    query = Query(("go left now. go right then. ",) * 3, "go", (" left then", " right then"))
    assert FakeModel().score([query])[0].probs[1] > 0.8


def test_mass_and_repeatability() -> None:
    query = Query(("x",), "y", (" A", " B"))
    first, second = FakeModel().score([query])[0], FakeModel().score([query])[0]
    assert first.mass == pytest.approx(0.97)
    assert (first.logprobs == second.logprobs).all()
    assert first.probs[0] != first.probs[1], "ties are broken"


def test_thousands_of_queries_a_second() -> None:
    model = FakeModel()
    queries = [Query(_log({"P": "P", "Q": "Q"}, 20, seed), "P ->", (" P", " Q")) for seed in range(500)]
    model.score(queries[:50])
    start = time.process_time()
    model.score(queries)
    assert time.process_time() - start < 0.5

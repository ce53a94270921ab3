"""Questions are asked once, and recorded answers replace a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from prospect_agents.language import MemoModel, Query, Request, Scored, prompt_hash
from prospect_agents.language.fake import FakeModel
from prospect_env.core.errors import ModelError

A, B = Query(("x -> y\n",), "x ->", (" x", " y")), Query((), "z", (" x", " y"))


class Counting(FakeModel):
    """Remembers which calls reached it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[Query]] = []

    def score(self, queries: Sequence[Query]) -> list[Scored]:
        self.calls.append(list(queries))
        return super().score(queries)


def test_each_question_reaches_the_model_once() -> None:
    inner = Counting()
    memo = MemoModel(inner)
    first, again, other = memo.score([A, A, B])
    (later,) = memo.score([A])
    assert inner.calls == [[A, B]]
    assert (first.logprobs == again.logprobs).all()
    assert (first.logprobs == later.logprobs).all()
    assert (other.logprobs != first.logprobs).any()
    assert later.tokens_cached == later.tokens_in == first.tokens_in > first.tokens_cached == 0
    assert again.tokens_out == 0 < first.tokens_out


def test_replay_without_a_model() -> None:
    memo = MemoModel(FakeModel())
    expected = memo.score([A, B])
    recorded = {key: answer.logprobs.tolist() for key, answer in memo.entries.items()}
    replay = MemoModel(None, recorded, identity=memo.identity)
    for old, new in zip(expected, replay.score([A, B]), strict=True):
        assert (old.logprobs == new.logprobs).all()
    with pytest.raises(ModelError, match="1 questions are not among the 2 recorded"):
        replay.score([A, Query((), "new", (" x",))])
    with pytest.raises(ModelError, match="not among"):
        MemoModel(None, recorded, identity="another").score([A])


def test_damaged_entry() -> None:
    memo = MemoModel(None, {prompt_hash("m", A): np.zeros(3)}, identity="m")
    with pytest.raises(ModelError, match="3 log-probabilities"):
        memo.score([A])


def test_model_or_identity() -> None:
    with pytest.raises(ValueError, match="either"):
        MemoModel(None)
    with pytest.raises(ValueError, match="either"):
        MemoModel(FakeModel(), identity="x")


def test_every_part_counts_in_the_hash() -> None:
    variants = [
        ("m", A),
        ("n", A),
        ("m", Query(("x -> y\n", ""), "x ->", (" x", " y"))),
        ("m", Query(("x -> ", "y\n"), "x ->", (" x", " y"))),
        ("m", Query(("x -> y\nx",), " ->", (" x", " y"))),
        ("m", Query(("x -> y\n",), "x ->", (" y", " x"))),
        ("m", Query(("x -> y\n",), "x -> x", (" y",))),
    ]
    hashes = [prompt_hash(*variant) for variant in variants]
    assert len(set(hashes)) == len(variants)
    assert all(len(key) == 32 for key in hashes)
    # Recorded runs depend on it staying what it is.
    assert prompt_hash("m", A) == "fdf44f5d92dde8b8c70462670b218571"


def test_what_was_written_is_remembered_and_told_from_what_was_scored() -> None:
    request = Request(("A -> B\n", "A -> B\n"), "A ->", limit=3, stop=("\n",))
    model = MemoModel(FakeModel())
    first, again = model.write([request, request])
    assert first.text == again.text == "B"
    assert first.tokens_out == 2  # the stop is written too, and cut off
    assert again.tokens_out == 0
    keys = {prompt_hash("m", each) for each in (request, replace(request, seed=1), replace(request, limit=4))}
    assert len(keys | {prompt_hash("m", replace(request, chat=True)), prompt_hash("m", replace(request, stop=()))}) == 5
    replayed = MemoModel(None, model.entries, identity=model.identity)
    assert replayed.write([request])[0].text == "B"


def test_a_model_that_only_scores_says_so() -> None:
    class Scorer:
        identity = "scorer"

        def score(self, queries: object) -> list[object]:
            return []

    with pytest.raises(ModelError, match="cannot write"):
        MemoModel(Scorer()).write([Request((), "x")])  # type: ignore[arg-type]


def test_the_fake_writes_numbers_under_a_schema() -> None:
    schema = json.dumps({"type": "object", "properties": {"A": {"type": "number"}, "B": {"type": "number"}}})
    (answer,) = FakeModel().write([Request(("A -> B\n",), "A ->", schema=schema)])
    assert json.loads(answer.text)["B"] > json.loads(answer.text)["A"]

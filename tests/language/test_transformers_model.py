"""Packed, cached, forked scores equal the plain ones: one query, one forward, no cache."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prospect_agents.language import Query, load_model
from prospect_env.core.errors import BadParameter, ModelError

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from prospect_agents.language.network import Network  # noqa: E402 - needs torch
from prospect_agents.language.transformers_model import Intervention, TransformersModel  # noqa: E402 - needs torch


@pytest.fixture(autouse=True)
def _one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Threads that wait for each other are most of the time a tiny model takes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(threads if "real" in request.fixturenames else 1)
    yield
    torch.set_num_threads(threads)


WORDS = [" stone", " river", "!", " a", " b", "\nround"]


@pytest.fixture
def model(tiny: Path) -> TransformersModel:
    return TransformersModel(tiny, dtype="float32")


def plain(model: TransformersModel, query: Query) -> np.ndarray:
    """log P(label | context + tail) by one ordinary forward per label over freshly tokenised parts."""

    def ids(text: str) -> list[int]:
        return model._tokenizer(text, add_special_tokens=False).input_ids

    prompt = [token for text in (*query.context, query.tail) for token in ids(text)] or [0]
    out = []
    for label in map(ids, query.labels):
        with torch.inference_mode():
            logp = model.module(torch.tensor([prompt + label])).logits[0].double().log_softmax(-1)
        out.append(sum(logp[len(prompt) - 1 + i, token].item() for i, token in enumerate(label)))
    return np.array(out)


def agree(model: TransformersModel, queries: list[Query], **kwargs: Any) -> None:
    for query, answer in zip(queries, model.score(queries), strict=True):
        np.testing.assert_allclose(answer.logprobs, plain(model, query), atol=1e-4, err_msg=str(query))


def conversation(rng: random.Random, rounds: int) -> list[list[Query]]:
    """Calls as a run makes them: histories that share rules, grow, fork, repeat and are asked about midway."""
    rules = "".join(rng.choices(WORDS, k=rng.choice([0, 3, 30])))
    histories = [(rules,), (rules,), ("other",), ()]
    calls = []
    for _ in range(rounds):
        queries = []
        for i, history in enumerate(histories):
            histories[i] = (*history, "".join(rng.choices(WORDS, k=rng.randrange(6))))
            for _ in range(rng.randrange(4)):
                context = histories[i][: rng.choice([len(histories[i]), rng.randrange(len(histories[i]) + 1)])]
                labels = rng.choice([(" A", " B"), ("A", "B", "C"), (" stay", " stop", " go"), ("one",)])
                queries.append(Query(context, "".join(rng.choices(WORDS, k=rng.randrange(3))), labels))
        if rng.random() < 0.3:
            histories[rng.randrange(4)] = rng.choice(histories)
        rng.shuffle(queries)
        calls.append(queries)
    return calls


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("cache_bytes", [0, 60_000, 1 << 30])
def test_exact_in_any_conversation(tiny: Path, seed: int, cache_bytes: int) -> None:
    model = TransformersModel(tiny, dtype="float32", cache_bytes=cache_bytes)
    for queries in conversation(random.Random(seed), rounds=8):
        agree(model, queries)
        assert len(model.network.tree) * model.network.slots.token_bytes() <= cache_bytes
    assert len(model.network.tree) + len(model.network.tree._free) == model.network.tree.capacity, "slots leak"


@pytest.mark.parametrize("seed", range(3))
def test_small_forwards_change_nothing(model: TransformersModel, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    for limit, value in {"MAX_TOKENS": 40, "MAX_CELLS": 2000, "MAX_OUTPUTS": 3, "FORWARD_WORTH": 2}.items():
        monkeypatch.setattr(Network, limit, value)
    for queries in conversation(random.Random(seed), rounds=6):
        agree(model, queries)


@pytest.mark.parametrize("seed", range(4))
def test_alone_is_the_same_to_the_last_bit(tiny: Path, seed: int) -> None:
    calls = conversation(random.Random(seed), rounds=5)
    one = TransformersModel(tiny, dtype="float32", batch_invariant=True)
    other = TransformersModel(tiny, dtype="float32", batch_invariant=True, cache_bytes=30_000)
    for queries in calls:
        agree(one, queries)
    known = {
        query: answer.logprobs.tolist()
        for queries in calls
        for query, answer in zip(queries, one.score(queries), strict=True)
    }
    for queries in reversed(calls):
        for query, answer in zip(queries[::-1], other.score(queries[::-1]), strict=True):
            assert answer.logprobs.tolist() == known[query]


def test_every_token_is_computed_once(model: TransformersModel) -> None:
    rules, tail = "r" * 100, "what next"
    contexts = [(rules, "abc"), (rules, "abd"), (rules, "abc", "more")]
    queries = [Query(context, tail, ("A", "B")) for context in contexts for _ in range(2)]
    answers = model.score(queries)
    new = [answer.tokens_in - answer.tokens_cached for answer in answers]
    # Rules and "ab" once for both branches, c, d, "more"; three times the tail; second askings nothing.
    assert sum(new) == 102 + 1 + 1 + 4 + 3 * len(tail)
    assert new[1] == new[3] == new[5] == 0
    again = model.score([Query((rules, "abc", "more", "x"), tail, ("A", "B"))])[0]
    assert again.tokens_in - again.tokens_cached == 1 + len(tail)


def test_one_forward_for_rows_of_like_length(model: TransformersModel) -> None:
    calls = []
    model.module.base_model.register_forward_hook(lambda *_: calls.append(1))
    model.score([Query((f"{i} is the context",), f"tail {j}", (" yes", " no")) for i in range(9) for j in range(4)])
    assert len(calls) == 1


def test_shared_rules_are_computed_first(model: TransformersModel) -> None:
    widths = []
    model.module.base_model.register_forward_hook(
        lambda _, _args, kwargs, _out: widths.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    model.score([Query(("r" * 80, f"{i}"), "?", ("A", "B")) for i in range(9)])
    # Nine contexts of one token and a question each: behind so much that is shared they are cheapest in one row.
    assert widths == [(1, 80), (1, 18)]


def test_contexts_with_little_in_common_are_rows_of_their_own(model: TransformersModel) -> None:
    widths = []
    model.module.base_model.register_forward_hook(
        lambda _, _args, kwargs, _out: widths.append(tuple(kwargs["input_ids"].shape)), with_kwargs=True
    )
    model.score([Query((f"{i}" * 40,), "?", ("A", "B")) for i in range(3)])
    assert widths == [(3, 41)]


def test_what_was_supposed_is_cached_where_it_comes_true(model: TransformersModel) -> None:
    history, maybe = ("r" * 60, "A -> B"), ("\nB -> A", "\nB -> B", "\nA -> A")
    model.score([Query((*history, step), "\nA ->", (" A", " B")) for step in maybe])
    queries = [Query((*history, step, "\nB -> A"), "\nA ->", (" A", " B")) for step in maybe]
    answers = model.score(queries)
    assert [answer.tokens_in - answer.tokens_cached for answer in answers] == [len("\nB -> A\nA ->")] * 3
    for query, answer in zip(queries, answers, strict=True):
        np.testing.assert_allclose(answer.logprobs, plain(model, query), atol=1e-4)


def test_a_question_that_ends_where_a_history_goes_on_leaves_the_history_cached(model: TransformersModel) -> None:
    known = Query(("rules", "x", "ab" * 100), "?", ("A", "B"))
    model.score([known])
    queries = [Query(("rules",), "x", ("A", "B")), replace(known, tail="!")]
    answers = model.score(queries)
    assert [answer.tokens_in - answer.tokens_cached for answer in answers] == [1, 1]
    for query, answer in zip(queries, answers, strict=True):
        np.testing.assert_allclose(answer.logprobs, plain(model, query), atol=1e-4)


def test_no_more_of_a_question_is_computed_than_it_has(model: TransformersModel) -> None:
    rules = "r" * 60
    queries = [Query((rules, "abba"), "x", ("A", "B")), Query((rules, "abbacc"), "", ("A", "B"))]
    queries += [Query((rules,), "", ("A", "B")), Query((rules, "a", "aaa"), "aab", ("A", "B"))]
    for query, answer in zip(queries, model.score(queries), strict=True):
        assert 0 <= answer.tokens_cached <= answer.tokens_in
        np.testing.assert_allclose(answer.logprobs, plain(model, query), atol=1e-4)


def test_interventions_have_their_own_answers_cache_and_name(model: TransformersModel) -> None:
    def louder(network: Any) -> list[Any]:
        return [network.base_model.layers[1].register_forward_hook(lambda _, _args, out: out * 1.5)]

    query = Query(("some history",), "then", (" A", " B"))
    before = model.score([query])[0].logprobs
    other = model.intervened(Intervention("louder(layer=1, by=1.5)", louder))
    changed = other.score([query])[0].logprobs
    assert np.abs(changed - before).max() > 1e-2
    np.testing.assert_allclose(model.score([query])[0].logprobs, before, atol=1e-5)
    assert other.identity == model.identity + "/louder(layer=1, by=1.5)"


def test_identity_names_what_changes_answers(tiny: Path) -> None:
    options: list[dict[str, Any]] = [{}, {"dtype": "bfloat16"}, {"batch_invariant": True}]
    models = [TransformersModel(tiny, **{"dtype": "float32", **each}) for each in options]
    assert len({model.identity for model in models}) == 3
    assert TransformersModel(tiny, dtype="float32", cache_bytes=5).identity == models[0].identity
    assert str(tiny.parent) not in load_model(str(tiny), dtype="float32").identity


def test_too_long_a_prompt(model: TransformersModel) -> None:
    with pytest.raises(ModelError, match=r"601 tokens; .* holds at most 512"):
        model.score([Query(("x" * 600,), "y", ("A",))])
    agree(model, [Query(("x" * 511,), "y", ("A",))])


def test_an_interrupted_call_leaves_no_trace(model: TransformersModel) -> None:
    query = Query(("some history",), "then", (" A", " B"))

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    hook = model.module.base_model.layers[2].register_forward_hook(fail)
    with pytest.raises(KeyboardInterrupt):
        model.score([query])
    hook.remove()
    agree(model, [query])
    assert len(model.network.tree) + len(model.network.tree._free) == model.network.tree.capacity


def test_unknown_dtype(tiny: Path) -> None:
    with pytest.raises(BadParameter, match="dtype is 'int4'; it may be auto, float32 or bfloat16"):
        TransformersModel(tiny, dtype="int4")


@pytest.mark.usefixtures("untyped")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"batch_invariant": 2}, "batch_invariant is 2; it may be true or false"),
        ({"cache_bytes": -5}, "cache_bytes is -5; it must be a whole number, 0 or more"),
        ({"cache_bytes": 1.5}, r"cache_bytes is 1\.5; it must be a whole number"),
        ({"overflow": "shrink"}, "overflow is 'shrink'; it may be error or drop_oldest"),
    ],
)
def test_bad_options(tiny: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(BadParameter, match=says):
        TransformersModel(tiny, **options)


@pytest.mark.model
def test_real_model_is_exact(real: str) -> None:
    model = load_model(real, dtype="float32")
    assert isinstance(model, TransformersModel)
    rules = "Each line shows a move and the answer to it.\n"
    log = ("red -> blue\n", "blue -> red\n", "red -> blue\n")
    labels = (" red", " blue again")
    agree(model, [Query((rules, *log[:n]), tail, labels) for n in (1, 3) for tail in ("red ->", "blue ->")])


@pytest.mark.model
@pytest.mark.parametrize("inverse", [False, True])
def test_real_model_learns_a_reaction_log(real: str, inverse: bool) -> None:
    """Neutral symbols, one line a round: the rule is found, whichever it is, and the label mass is high on average.

    Only on average: after a long run of equal lines this model expects the log to end, and single prompts fall to .3.
    """
    rng, queries, truth = random.Random(0), [], []
    for _ in range(16):
        moves = [rng.choice("PQ") for _ in range(20)]
        log = tuple(f"{move} -> {move if not inverse else 'QP'['PQ'.index(move)]}\n" for move in moves)
        for i, move in enumerate("PQ"):
            queries.append(Query(log, f"{move} ->", (" P", " Q")))
            truth.append(1 - i if inverse else i)
    answers = load_model(real).score(queries)
    assert np.mean([answer.mass for answer in answers]) > 0.8
    assert np.mean([answer.probs[right] > 0.5 for answer, right in zip(answers, truth, strict=True)]) > 0.9

"""Texts are what the model says, whoever else writes beside them: greedy, drawn, stopped, and under a schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prospect_agents.language import Query, load_model
from prospect_agents.language.model import Request, Writer
from prospect_env.core.errors import ModelError

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from prospect_agents.language.transformers_model import TransformersModel  # noqa: E402 - needs torch
from prospect_agents.language.writing import choose  # noqa: E402 - needs torch

PROMPTS = [
    (("Once upon",), " a time"),
    (("Once upon", " a time"), ""),
    (("rules\n", "more\n"), "then"),
    ((), "x"),
    ((), ""),
]
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "A": {"type": "number"},
            "why": {"type": "string"},
            "pick": {"enum": ["stay", "go"]},
            "more": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["A", "why", "pick", "more"],
    }
)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def model(tiny: Path) -> TransformersModel:
    return TransformersModel(tiny, dtype="float32")


def generated(model: TransformersModel, context: tuple[str, ...], tail: str, limit: int) -> str:
    """What transformers' own `generate` writes, greedily; its tokens are characters."""
    ids = [token for text in (*context, tail) for token in model.encode(text)] or [0]
    ends = model.module.generation_config.eos_token_id
    out = model.module.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids)),
        max_new_tokens=limit,
        do_sample=False,
        pad_token_id=0,
    )[0, len(ids) :].tolist()
    letters = {token: text for text, token in model._tokenizer.get_vocab().items()}
    return "".join(letters[token] for token in out if token > 1 and token != ends)


@pytest.mark.parametrize("options", [{}, {"cache_bytes": 0}, {"batch_invariant": True}])
def test_greedy_is_what_transformers_generates(tiny: Path, options: dict[str, Any]) -> None:
    model = TransformersModel(tiny, dtype="float32", **options)
    assert isinstance(model, Writer)
    written = model.write([Request(context, tail, limit=12) for context, tail in PROMPTS])
    assert [each.text for each in written] == [generated(model, context, tail, 12) for context, tail in PROMPTS]
    assert not any(each.finished for each in written)
    assert all(each.tokens_out == 12 for each in written)
    assert len({each.text for each in written}) > 1


def test_the_models_own_end(model: TransformersModel) -> None:
    request = Request(("Once upon",), " a time", limit=12)
    [before] = model.write([request])
    end = before.text[5]
    model.__dict__.pop("_ends", None)
    model.module.generation_config.eos_token_id = model.encode(end)[0]
    [written] = model.write([request])
    assert written.text == before.text[: before.text.index(end)] == generated(model, request.context, request.tail, 12)
    assert written.finished
    assert written.tokens_out == len(written.text) + 1


def test_stops_that_span_tokens(model: TransformersModel) -> None:
    [before] = model.write([Request(("Once upon",), " a time", limit=12)])
    stop = before.text[4:7]
    stops = (before.text[6:9], stop, "nowhere to be seen")
    [written] = model.write([Request(("Once upon",), " a time", limit=12, stop=stops)])
    assert written.text == before.text[: before.text.index(stop)]
    assert written.finished
    assert written.tokens_out == len(written.text) + 3


@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0])
def test_under_a_schema_everything_parses(model: TransformersModel, temperature: float) -> None:
    requests = [
        Request(("rules",), str(seed), limit=60 + seed, schema=SCHEMA, temperature=temperature, seed=seed)
        for seed in range(12)
    ]
    for written, request in zip(model.write(requests), requests, strict=True):
        said = json.loads(written.text)
        assert list(said) == ["A", "why", "pick", "more"]
        assert isinstance(said["A"], int | float)
        assert isinstance(said["why"], str)
        assert said["pick"] in {"stay", "go"}
        assert all(isinstance(each, int) for each in said["more"])
        assert written.finished
        assert written.tokens_out <= request.limit


def test_a_schema_may_go_on_where_the_model_can_end(model: TransformersModel) -> None:
    """An integer is complete after any digit: a model with an end goes on until it ends, one without stops there."""
    schema = json.dumps({"type": "integer"})
    requests = [Request((), "n=", limit=9, schema=schema, temperature=3.0, seed=seed) for seed in range(20)]
    assert {len(each.text.removeprefix("-")) for each in model.write(requests)} == {1}
    model.__dict__.pop("_ends", None)
    model.module.generation_config.eos_token_id = 0
    written = model.write(requests)
    assert max(len(each.text) for each in written) > 2
    for each in written:
        json.loads(each.text)
        assert each.finished


@pytest.mark.parametrize(
    ("schema", "limit", "message"),
    [
        (SCHEMA, 20, r"limit is 20 tokens; the shortest text that fits the schema takes \d+"),
        ('{"type": "thing"}', 20, "cannot be enforced: .*thing"),
        ("{", 20, "cannot be enforced"),
        ('{"const": "\u65e5"}', 20, "cannot be enforced"),  # no token of this vocabulary spells it
    ],
)
def test_schemas_that_cannot_be_kept(model: TransformersModel, schema: str, limit: int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        model.write([Request((), "x", limit=limit, schema=schema)])


def test_equal_seeds_write_equal_texts_in_any_company(model: TransformersModel) -> None:
    requests = [Request(("a context",), "!" * (s % 3), limit=15, temperature=1.0, seed=s // 2) for s in range(10)]
    together = [each.text for each in model.write(requests)]
    alone = [model.write([request])[0].text for request in reversed(requests)][::-1]
    model.forget()
    again = [each.text for each in model.write(requests[::-1])][::-1]
    assert together == alone == again
    same = [Request(("a context",), "", limit=15, temperature=1.0, seed=seed) for seed in (3, 3, 4)]
    one, other, another = (each.text for each in model.write(same))
    assert one == other != another


def test_draws_by_hand() -> None:
    scores = np.log(np.array([0.2, 0.5, 0.3], dtype=np.float32)) + 7
    assert [choose(scores, 1.0, u) for u in (0.0, 0.19, 0.21, 0.69, 0.71, 0.999)] == [0, 0, 1, 1, 2, 2]
    assert choose(scores, 0.0, 0.999) == 1
    # At temperature 1/2 the odds are .04 : .25 : .09, so the borders lie at .105 and .763.
    assert [choose(scores, 0.5, u) for u in (0.1, 0.11, 0.76, 0.77)] == [0, 1, 1, 2]


def test_draws_come_as_often_as_the_model_says(model: TransformersModel) -> None:
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    [scored] = model.score([Query(("the",), " end", letters)])
    written = model.write([Request(("the",), " end", 1, temperature=1.0, seed=seed) for seed in range(2000)])
    best = letters[int(scored.logprobs.argmax())]
    share = float(np.mean([each.text == best for each in written]))
    expected = float(np.exp(scored.logprobs.max()))
    # four standard errors of a share of 2 000 draws
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / 2000)


def test_writing_and_scoring_share_contexts(tiny: Path, model: TransformersModel) -> None:
    context, tail = ("r" * 90, "abc"), "what next"
    model.score([Query(context, tail, ("A", "B"))])
    requests = [Request(context, tail, limit=6, temperature=1.0, seed=seed) for seed in range(3)]
    written = model.write(requests)
    # The tail is no part of what is kept: it is read again, once for all three.
    assert [each.tokens_in - each.tokens_cached for each in written] == [len(tail), 0, 0]
    assert all(each.tokens_in == 93 + len(tail) for each in written)
    [scored] = model.score([Query((*context, "more"), tail, ("A", "B"))])
    assert scored.tokens_in - scored.tokens_cached == len("more") + len(tail)
    [fresh] = TransformersModel(tiny, dtype="float32").score([Query((*context, "more"), tail, ("A", "B"))])
    np.testing.assert_allclose(scored.logprobs, fresh.logprobs, atol=1e-4)


def test_the_cache_is_bounded_again_after_writing(tiny: Path) -> None:
    model = TransformersModel(tiny, dtype="float32", cache_bytes=30_000)
    model.write([Request(("context " * 20 + str(i),), "x", limit=20) for i in range(8)])
    assert len(model.network.tree) * model.network.slots.token_bytes() <= 30_000
    assert len(model.network.tree) + len(model.network.tree._free) == model.network.tree.capacity


def test_no_room_to_write(model: TransformersModel) -> None:
    with pytest.raises(ModelError, match=r"a prompt of 559 tokens; .* holds at most 512"):
        model.write([Request(("x" * 500,), "", limit=60)])


def test_nothing_asked_nothing_written(model: TransformersModel) -> None:
    assert model.write([]) == []


@pytest.mark.model
def test_real_model_states_probabilities_under_a_schema(real: str) -> None:
    schema = json.dumps(
        {
            "type": "object",
            "properties": {"\u65e5": {"type": "number"}, "Q": {"type": "number"}},
            "required": ["\u65e5", "Q"],
        }
    )
    model = load_model(real)
    assert isinstance(model, Writer)
    requests = [
        Request(("How probable is each?",), "", 40, schema=schema, chat=True, temperature=1.0, seed=s) for s in (1, 2)
    ]
    for written in model.write(requests):
        assert set(json.loads(written.text)) == {"\u65e5", "Q"}
        assert written.finished

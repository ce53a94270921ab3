"""Whatever is asked in whatever order, what is kept between questions changes time and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prospect_agents.language import Query
from prospect_agents.language.model import Request

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from prospect_agents.language.transformers_model import Intervention, TransformersModel  # noqa: E402 - needs torch

Context = tuple[str, ...]
Asked = tuple[Context, str, tuple[str, ...]]

WORDS = st.text("ab c.\n", max_size=12)
#: no label begins another
LABELS = st.sampled_from([(" A", " B"), ("A", "B", "C"), (" stay", " stop", " go"), ("one",), ("aab", "aac", "b")])
SEVERAL = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def models(tiny: Path) -> dict[str, TransformersModel]:
    """The same weights with all the room there is, with room for 40 tokens, with none, and each question alone."""
    token = 3 * 2 * 2 * 16 * 4  # layers, keys and values, heads, size, bytes
    options: dict[str, dict[str, Any]] = {
        "roomy": {}, "tight": {"cache_bytes": 40 * token}, "none": {"cache_bytes": 0},
        "alone": {"batch_invariant": True},
    }  # fmt: skip
    made = {name: TransformersModel(tiny, dtype="float32", **each) for name, each in options.items()}
    made["roomy"].score([Query(("x",), "y", ("A",))])
    assert made["roomy"].network.slots.token_bytes() == token
    return made


@st.composite
def calls(draw: st.DrawFn) -> list[list[Asked]]:
    """Calls about histories that start alike or not, grow, fork from any point of one another, and are asked midway."""
    histories: list[Context] = [(draw(st.text("rules ", max_size=80)),)]
    made = []
    for _ in range(draw(st.integers(1, 4))):
        queries = []
        for _ in range(draw(st.integers(1, 5))):
            history = draw(st.sampled_from(histories))
            history = (*history[: draw(st.integers(0, len(history)))], *draw(st.lists(WORDS, max_size=2)))
            histories.append(history)
            questions = draw(st.lists(st.tuples(st.text("what? ", max_size=6), LABELS), max_size=3))
            queries += [(history, *question) for question in questions]
        made.append(queries)
    return made


def uncached(model: TransformersModel, query: Query) -> np.ndarray:
    """One ordinary forward a label over the whole text."""
    prompt = [token for text in (*query.context, query.tail) for token in model.encode(text)] or [0]
    out = []
    for label in map(model.encode, query.labels):
        with torch.inference_mode():
            logp = model.module(torch.tensor([[*prompt, *label]])).logits[0].double().log_softmax(-1)
        out.append(sum(logp[len(prompt) - 1 + i, token].item() for i, token in enumerate(label)))
    return np.array(out)


@SEVERAL
@given(calls())
def test_cached_scores_are_the_uncached_ones(models: dict[str, TransformersModel], made: list[list[Asked]]) -> None:
    for model in models.values():
        model.forget()
    for asked in made:
        queries = [Query(*each) for each in asked]
        expected = [uncached(models["roomy"], query) for query in queries]
        for name, model in models.items():
            for query, answer, right in zip(queries, model.score(queries), expected, strict=True):
                np.testing.assert_allclose(answer.logprobs, right, atol=1e-4, err_msg=f"{name}: {query}")
                assert 0 <= answer.tokens_cached <= answer.tokens_in
            tree = model.network.tree
            assert len(tree) + len(tree._free) == tree.capacity
    tight = models["tight"].network
    assert len(tight.tree) <= 40


@SEVERAL
@given(calls(), st.integers(1, 6), st.sampled_from([0.0, 1.0]))
def test_what_is_written_does_not_depend_on_what_is_kept(
    models: dict[str, TransformersModel], made: list[list[Asked]], limit: int, temperature: float
) -> None:
    for asked in made:
        requests = [Request(*each[:2], limit, temperature=temperature, seed=i) for i, each in enumerate(asked)]
        texts = [[each.text for each in models[name].write(requests)] for name in ("roomy", "tight", "none")]
        assert texts[0] == texts[1] == texts[2]


def louder(layer: int, by: float) -> Intervention:
    def install(network: Any) -> list[Any]:
        return [network.base_model.layers[layer].register_forward_hook(lambda _, _args, out: out * by)]

    return Intervention(f"louder(layer={layer}, by={by})", install)


@SEVERAL
@given(calls(), st.permutations(["bare", "one", "two", "other"]))
def test_interventions_never_meet_in_a_cache(
    models: dict[str, TransformersModel], made: list[list[Asked]], order: list[str]
) -> None:
    """Three models that share weights are asked the same in any order; each answers as its own uncached network."""
    base = models["roomy"]
    acts: dict[str, tuple[Intervention, ...]] = {
        "bare": (), "one": (louder(1, 1.5),), "two": (louder(1, 1.5), louder(0, 0.7)), "other": (louder(1, 0.8),),
    }  # fmt: skip
    several = {name: base.intervened(*each) for name, each in acts.items()}
    assert len({model.identity for model in several.values()}) == 4
    for asked in made:
        queries = [Query(*each) for each in asked]
        for name in order:
            answers = several[name].score(queries)
            with ExitStack() as stack:
                for act in acts[name]:
                    for handle in act.install(base.module):
                        stack.callback(handle.remove)
                expected = [uncached(base, query) for query in queries]
            for answer, right in zip(answers, expected, strict=True):
                np.testing.assert_allclose(answer.logprobs, right, atol=1e-4)

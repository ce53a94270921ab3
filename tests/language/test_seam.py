"""What every language model behind the seam must do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prospect_agents.language import LanguageModel, MemoModel, Query, load_model
from prospect_env.core.errors import BadParameter, MissingModel, ModelError, UnknownName

QUERIES = [
    Query(("P -> Q\n", "Q -> P\n", "P -> Q\n"), "Q ->", (" P", " Q")),
    Query(("P -> Q\n",), "P ->", (" P", " Q", " elsewhere")),
    Query((), "What now?", ("a", "b")),
    Query(("only a context",), "", (" x", " y")),
]


@pytest.fixture(params=["fake", "tiny", "tiny alone", "memo"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    if request.param == "fake":
        return load_model("fake")
    if request.param == "memo":
        return MemoModel(load_model("fake"))
    alone = request.param == "tiny alone"
    return load_model(str(request.getfixturevalue("tiny")), dtype="float32", batch_invariant=alone)


def test_answers_are_probabilities_with_costs(model: LanguageModel) -> None:
    for query, answer in zip(QUERIES, model.score(QUERIES), strict=True):
        assert answer.logprobs.shape == (len(query.labels),)
        assert answer.logprobs.dtype == np.float64
        assert 0 < answer.mass <= 1 + 1e-6
        assert answer.probs.sum() == pytest.approx(1)
        assert 0 <= answer.tokens_cached <= answer.tokens_in
        assert answer.tokens_out >= len(query.labels)
        assert answer.latency >= 0


def test_order_and_company_do_not_matter(model: LanguageModel) -> None:
    together = model.score(QUERIES)
    backwards = model.score(QUERIES[::-1])[::-1]
    alone = [model.score([query])[0] for query in QUERIES]
    for a, b, c in zip(together, backwards, alone, strict=True):
        np.testing.assert_allclose(a.logprobs, b.logprobs, atol=1e-4)
        np.testing.assert_allclose(a.logprobs, c.logprobs, atol=1e-4)


def test_nothing_asked_nothing_answered(model: LanguageModel) -> None:
    assert model.score([]) == []


def test_has_an_identity(model: LanguageModel) -> None:
    assert model.identity
    assert model.identity == model.identity


@pytest.mark.parametrize("labels", [(), ("",), (" A", " A")])
def test_bad_labels(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="labels must be"):
        Query((), "?", labels)


def test_mass_and_probs_by_hand() -> None:
    from prospect_agents.language import Scored

    # e^ln(.3) + e^ln(.1) = .4; normalised .75 / .25
    scored = Scored(np.log([0.3, 0.1]), 1, 0, 2, 0.0)
    assert scored.mass == pytest.approx(0.4)
    np.testing.assert_allclose(scored.probs, [0.75, 0.25])


def test_loaded_once() -> None:
    assert load_model("fake") is load_model("fake")
    assert load_model("fake", order=3) is not load_model("fake")


def test_not_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROSPECT_CACHE", str(tmp_path))
    with pytest.raises(MissingModel, match="prospect models pull smollm2-135m"):
        load_model("smollm2-135m", dtype="float32", cache_bytes=1)


def test_unknown_names() -> None:
    with pytest.raises(UnknownName, match="smollm2-135m"):
        load_model("smollm2-136m")
    with pytest.raises(ModelError, match="no such model folder"):
        load_model("./nowhere")


@pytest.mark.usefixtures("untyped")
def test_wrong_arguments() -> None:
    with pytest.raises(BadParameter, match="a model is a name, a folder, a hub id or a server, not 5"):
        load_model(5)  # type: ignore[arg-type]
    with pytest.raises(BadParameter, match="model 'fake': unknown parameter 'foo'; known: mass, order, strength"):
        load_model("fake", foo=1)


def test_folder_without_a_model(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(ModelError, match="cannot load"):
        load_model(str(tmp_path))


def test_importing_is_light() -> None:
    code = (
        "import sys, prospect_agents.language as language; language.load_model('fake');"
        "print({'torch', 'transformers'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "set()", done.stderr

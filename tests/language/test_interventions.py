"""Interventions by name: what they do to hidden states by hand, what they do to scores, what they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prospect_agents.language.interventions import intervened, named
from prospect_agents.language.model import LanguageModel, Query, load_model
from prospect_agents.language.policy import lm
from prospect_agents.language.predictor import LanguagePredictor
from prospect_env.arena.play import play
from prospect_env.core.errors import BadParameter, ModelError, UnknownName

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

QUERIES = [Query(("some history, ",), "and then", (" A", " B")), Query(("some history, more",), "?", (" yes", " no"))]


@pytest.fixture(scope="module")
def vector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("vectors") / "kind.npy"
    np.save(file, np.random.default_rng(1).normal(size=64))
    return file


@pytest.fixture(scope="module")
def model(tiny: Path) -> LanguageModel:
    return load_model(str(tiny), dtype="float32")


def under(model: LanguageModel, spec: str) -> LanguageModel:
    return intervened(model, named(spec))


def scores(model: LanguageModel) -> np.ndarray:
    return np.array([answer.logprobs for answer in model.score(QUERIES)])


def outputs(tiny: Path, spec: str, layer: int) -> tuple[Any, Any]:
    """What a layer hands on of one text, without and with an intervention, with hooks and nothing else."""
    import transformers

    network = transformers.AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32).eval()
    ids = torch.arange(5)[None] + 10
    found = []
    for change in (None, named(spec)):
        handles = [] if change is None else change.install(network)
        # Hooks run in the order in which they were registered: this one sees what the others made.
        handles.append(network.base_model.layers[layer].register_forward_hook(lambda _, __, out: found.append(out)))
        with torch.inference_mode():
            network(ids)
        for handle in handles:
            handle.remove()
    return found[0], found[1]


def test_steering_adds_the_vector_at_every_position(tiny: Path, vector: Path) -> None:
    before, after = outputs(tiny, f"steer:layer=1,vector={vector},strength=-.5", layer=1)
    assert isinstance(after, torch.Tensor), "a hook's return value replaces a layer's output, which is a tensor"
    added = (after - before).numpy()
    assert added.shape == (1, 5, 64)
    np.testing.assert_allclose(added, np.broadcast_to(-0.5 * np.load(vector), added.shape), atol=1e-5)


def test_ablating_leaves_nothing_along_the_vector_and_all_else(tiny: Path, vector: Path) -> None:
    before, after = (out.numpy()[0] for out in outputs(tiny, f"ablate:layer=1,vector={vector}", layer=1))
    v = np.load(vector)
    assert np.abs(before @ v).max() > 1
    np.testing.assert_allclose(after @ v, 0, atol=1e-3)
    # What was taken away is a multiple of v at each position: h - h' = (h . v / v . v) v.
    np.testing.assert_allclose(before - after, np.outer(before @ v / (v @ v), v), atol=1e-4)


def test_layers_of_other_models_hand_on_tuples(vector: Path) -> None:
    class Layer(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x, "cache"

    class Body(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = torch.nn.ModuleList([Layer(), Layer()])

    class Config:
        num_hidden_layers, hidden_size = 2, 64

        def get_text_config(self) -> Config:
            return self

    class Net(torch.nn.Module):
        config = Config()

        def __init__(self) -> None:
            super().__init__()
            self.model = Body()

        def get_decoder(self) -> torch.nn.Module:
            return self.model

    network = Net()
    named(f"steer:layer=1,vector={vector},strength=2").install(network)
    hidden, cache = network.model.blocks[1](torch.zeros(1, 1, 64))
    assert cache == "cache"
    np.testing.assert_allclose(hidden[0, 0].numpy(), 2 * np.load(vector), rtol=1e-5)


def test_scores_move_with_strength_and_not_at_all_without(model: LanguageModel, vector: Path) -> None:
    plain = scores(model)
    moved = [
        np.abs(scores(under(model, f"steer:layer=1,vector={vector},strength={by}")) - plain).max()
        for by in (0, 0.1, 1, -1)
    ]
    assert moved[0] < 1e-4
    assert 1e-3 < moved[1] < moved[2]
    assert moved[3] > 1e-2
    assert np.abs(scores(under(model, f"ablate:layer=0,vector={vector}")) - plain).max() > 1e-3
    # Neither hooks nor caches are left behind in the model that they share weights with.
    np.testing.assert_allclose(scores(model), plain, atol=1e-5)


def test_strengths_share_neither_names_nor_caches(model: LanguageModel, vector: Path, tmp_path: Path) -> None:
    one, two = (under(model, f"steer:layer=1,vector={vector},strength={by}") for by in (1, 2))
    first = scores(one)
    second = scores(two)
    assert np.abs(first - second).max() > 1e-3
    # Each goes on with its own cache and says the same again.
    np.testing.assert_allclose(scores(one), first, atol=1e-5)
    np.testing.assert_allclose(scores(two), second, atol=1e-5)
    other = tmp_path / "kind.npy"
    np.save(other, np.load(vector) * 2)
    specs = [
        f"steer:layer=1,vector={vector},strength=1",
        f"steer:layer=1,vector={vector},strength=2",
        f"steer:layer=2,vector={vector},strength=1",
        f"steer:layer=1,vector={other},strength=1",
        f"ablate:layer=1,vector={vector}",
    ]
    names = [under(model, spec).identity for spec in specs]
    assert len({*names, model.identity}) == 6
    norm = np.linalg.norm(np.load(vector))
    assert names[0].startswith(f"{model.identity}/steer(layer=1, strength=1.0, vector=")
    assert names[0].endswith(f"norm={norm:.4g})")
    assert not any(str(vector.parent) in name for name in names)


def test_policies_and_predictors_take_them_in_spec_strings(tiny: Path, vector: Path) -> None:
    def forecasts(by: float) -> Any:
        policy = f"lm:model={tiny},dtype=float32,intervention=(steer:layer=1,vector={vector},strength={by})"
        return play("prisoners_dilemma", [policy, "tit_for_tat"], episodes=1, max_steps=3)

    plain = play("prisoners_dilemma", [f"lm:model={tiny},dtype=float32", "tit_for_tat"], episodes=1, max_steps=3)
    none, some = forecasts(0), forecasts(1)
    np.testing.assert_allclose(none.forecast, plain.forecast, atol=1e-4)
    assert np.nanmax(np.abs(some.forecast - plain.forecast)) > 1e-3
    # Each strength has answers of its own, recorded under its own name.
    assert len({call.model for episodes in (plain, none, some) for call in episodes.calls}) == 3
    assert all("steer(layer=1, strength=1.0" in call.model for call in some.calls)
    riding = f"(lm:model={tiny},dtype=float32,intervention=(steer:layer=1,vector={vector}))"
    play("chicken", [f"forecasting:actor=random,predictor={riding}", "random"], episodes=1, max_steps=1)
    predictor = LanguagePredictor(
        load_model(str(tiny), dtype="float32"), intervention=f"ablate:layer=0,vector={vector}"
    )
    assert "/ablate(layer=0, vector=" in predictor.identity


def test_a_vector_that_was_written_anew_is_read_anew(tiny: Path, tmp_path: Path) -> None:
    file = tmp_path / "v.npy"
    names = []
    for seed in range(2):
        np.save(file, np.random.default_rng(seed).normal(size=64))
        names.append(
            LanguagePredictor(str(tiny), intervention=f"steer:layer=1,vector={file}", dtype="float32").identity
        )
    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("push:layer=1,vector=VECTOR", UnknownName, "unknown intervention 'push'; known: ablate, steer"),
        ("steer:layer=1", BadParameter, "intervention 'steer' needs the parameter 'vector'"),
        ("steer:layer=1,vector=VECTOR,force=2", BadParameter, "unknown parameter 'force'"),
        ("steer:layer=1,vector=VECTOR,strength=much", BadParameter, "strength is 'much'"),
        ("steer:layer=1,vector=VECTOR,strength=.nan", BadParameter, "strength is nan"),
        ("steer:layer=one,vector=VECTOR", BadParameter, "layer is 'one'"),
        ("steer:layer=3,vector=VECTOR", BadParameter, "layer is 3; this model has 3, from 0 to 2"),
        ("ablate:layer=-1,vector=VECTOR", BadParameter, "layer is -1; this model has 3"),
        ("steer:layer=1,vector=nowhere.npy", BadParameter, "vector is 'nowhere.npy'; it must be a .npy file"),
        ("ablate:layer=1,vector=SHORT", BadParameter, "the vector has 63 numbers; hidden states of this model have 64"),
        ("ablate:layer=1,vector=ZERO", BadParameter, "not all 0"),
        ("ablate:layer=1,vector=TABLE", BadParameter, r"shape \(2, 64\)"),
        ("ablate:layer=1,vector=WORDS", BadParameter, "must be a .npy file of numbers"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(
    tiny: Path, vector: Path, tmp_path: Path, spec: str, error: type[Exception], says: str
) -> None:
    made = {"SHORT": np.ones(63), "ZERO": np.zeros(64), "TABLE": np.ones((2, 64)), "WORDS": np.array(["a", "b"])}
    for name, values in made.items():
        np.save(tmp_path / f"{name}.npy", values)
        spec = spec.replace(name, str(tmp_path / f"{name}.npy"))
    with pytest.raises(error, match=says):
        lm(model=str(tiny), dtype="float32", intervention=spec.replace("VECTOR", str(vector)))


def test_models_without_layers_in_reach_are_refused(vector: Path) -> None:
    with pytest.raises(ModelError, match=r"fake.* cannot be intervened on"):
        lm(model="fake", intervention=f"steer:layer=1,vector={vector}")
    with pytest.raises(BadParameter, match="intervention is 3"):
        named(3)


@pytest.mark.model
def test_the_real_model_is_steered(real: str, tmp_path: Path) -> None:
    model = load_model(real, dtype="float32")
    file = tmp_path / "v.npy"
    np.save(file, np.random.default_rng(0).normal(size=576))
    log = [Query(("P -> Q\n", "Q -> P\n", "P -> Q\n"), "Q ->", (" P", " Q"))]
    plain = model.score(log)[0].logprobs
    moved = [
        np.abs(under(model, f"steer:layer=15,vector={file},strength={by}").score(log)[0].logprobs - plain).max()
        for by in (0, 0.3, 1)
    ]
    assert moved[0] < 1e-4
    assert 1e-3 < moved[1] < moved[2]

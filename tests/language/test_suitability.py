"""What kinds of models can be scored exactly, and that others are refused, in float32 and in bfloat16."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prospect_agents.language import Query
from prospect_env.core.errors import ModelError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from prospect_agents.language.interventions import Direction, Steer, intervened  # noqa: E402 - needs torch
from prospect_agents.language.suitability import capacity  # noqa: E402 - needs torch
from prospect_agents.language.transformers_model import TransformersModel  # noqa: E402 - needs torch
from tests.language.test_transformers_model import agree  # noqa: E402 - needs torch

SMALL: dict[str, Any] = {
    "vocab_size": 99, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 4096, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0,
    "initializer_range": 0.3,
}  # fmt: skip
WINDOW = {"sliding_window": 32, "head_dim": 16}
KINDS = ["sliding_attention", "full_attention", "sliding_attention"]
EYE = {"hidden_size": 32, "intermediate_size": 32, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
#: rotates by other angles in forwards that hold a text of more than 64 tokens
LONGROPE = {"type": "longrope", "short_factor": [1.0] * 8, "long_factor": [i + 2.0 for i in range(8)]}


def composite(**text: Any) -> Any:
    """A decoder beside a tower for pictures, with as many layers as the tower."""
    told = transformers.Gemma3TextConfig(**{**SMALL, **WINDOW, **text}, layer_types=KINDS).to_dict()
    return transformers.Gemma3Config(
        text_config=told, vision_config={**EYE, "num_hidden_layers": 3}, mm_tokens_per_image=4
    )


def longrope() -> Any:
    return transformers.Phi3Config(**SMALL, original_max_position_embeddings=64, rope_scaling=LONGROPE)


@pytest.fixture
def made(tiny: Path, tmp_path: Path) -> Callable[[Any], Path]:
    """Saves a random model of a configuration, with a tokenizer of single characters."""

    def make(config: Any) -> Path:
        torch.manual_seed(1)
        transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
        transformers.AutoTokenizer.from_pretrained(tiny).save_pretrained(tmp_path)
        return tmp_path

    return make


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("config", "says"),
    [
        (lambda: transformers.MambaConfig(vocab_size=99, hidden_size=16, state_size=4, num_hidden_layers=1), "own"),
        (lambda: transformers.FalconConfig(**SMALL, alibi=True), "attends in a way of its own"),
        (lambda: transformers.GraniteConfig(**SMALL, logits_scaling=1.2), "scores of tokens differ by 0.2"),
        (lambda: transformers.CohereConfig(**SMALL, logit_scale=0.0625), "scores of tokens differ by 15"),
        (
            lambda: transformers.Gemma3TextConfig(**SMALL, **WINDOW, final_logit_softcapping=30.0),
            "caps its scores .final_logit_softcapping",
        ),
        (
            lambda: transformers.GPT2Config(vocab_size=99, n_embd=64, n_layer=2, n_head=4, n_positions=8),
            "holds 8 tokens .max_position_embeddings., too few",
        ),
        (
            lambda: transformers.BartConfig(
                vocab_size=99, d_model=64, decoder_layers=2, decoder_attention_heads=4, decoder_ffn_dim=96, init_std=0.3
            ),
            "hidden states differ",
        ),
    ],
)
def test_models_that_do_more_are_refused(
    made: Callable[[Any], Path], config: Callable[[], Any], says: str, dtype: str
) -> None:
    folder = made(config())
    with pytest.raises(ModelError, match=says):
        TransformersModel(folder, dtype=dtype)


@pytest.mark.parametrize(
    "config",
    [
        lambda: transformers.GPT2Config(vocab_size=99, n_embd=64, n_layer=3, n_head=4, initializer_range=0.3),
        lambda: transformers.MixtralConfig(**SMALL, num_local_experts=4, num_experts_per_tok=2),
        lambda: transformers.Qwen3Config(**SMALL, head_dim=16),
        longrope,
        composite,
    ],
)
def test_models_of_other_kinds_are_exact(made: Callable[[Any], Path], config: Callable[[], Any]) -> None:
    model = TransformersModel(made(config()), dtype="float32")
    rules, labels = "rules.", (" A", " Bc")
    queries = [Query((rules, "moves")[:n], tail, labels) for n in (1, 2) for tail in ("then ", "next")]
    for _ in range(2):
        agree(model, queries)


def test_the_least_of_all_limits_holds() -> None:
    assert capacity(transformers.LlamaConfig(**SMALL)) == (4096, "max_position_embeddings")
    assert capacity(transformers.MistralConfig(**SMALL, sliding_window=32)) == (32, "sliding_window")
    assert capacity(composite()) == (32, "sliding_window")
    assert capacity(composite(sliding_window=8192)) == (4096, "max_position_embeddings")
    windows = {"use_sliding_window": True, "sliding_window": 32, "head_dim": 16}
    assert capacity(transformers.Qwen3Config(**SMALL, **windows, max_window_layers=2)) == (32, "sliding_window")
    assert capacity(transformers.Qwen3Config(**SMALL, **windows, max_window_layers=3)).tokens == 4096
    assert capacity(longrope()) == (64, "original_max_position_embeddings")


def test_what_lies_beyond_a_window_is_refused_with_its_name(made: Callable[[Any], Path]) -> None:
    model = TransformersModel(made(composite()), dtype="float32")
    with pytest.raises(ModelError, match=r"a prompt of 40 tokens; .* holds at most 32 \(sliding_window\)"):
        model.score([Query(("x" * 36,), "next", ("A", "B"))])


def test_an_intervention_is_made_in_the_decoder_and_not_beside_it(made: Callable[[Any], Path]) -> None:
    model = TransformersModel(made(composite()), dtype="float32")
    vector = np.random.default_rng(0).normal(size=64).astype(np.float32)
    steered = intervened(model, Steer(1, Direction("x", vector), 4.0))
    query = Query(("rules.",), "next", ("A", "B"))
    assert np.abs(steered.score([query])[0].logprobs - model.score([query])[0].logprobs).max() > 0.1

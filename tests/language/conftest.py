"""A random Llama small enough for unit tests, and the real model where it has been pulled."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a 3-layer random Llama (width 64, grouped heads) with a tokenizer of single characters."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("tiny")
    alphabet = [chr(code) for code in range(32, 127)] + ["\n", "\u2192"]
    vocabulary = {"<s>": 0, "<unk>": 1} | {character: i + 2 for i, character in enumerate(alphabet)}
    model = tokenizers.models.WordLevel(vocabulary, unk_token="<unk>")  # noqa: S106 - not a password
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex("[\\s\\S]"), "isolated")
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", unk_token="<unk>")  # noqa: S106 - not a password
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.3,  # far from uniform, so that a wrong mask or position shows
        bos_token_id=0,
        eos_token_id=None,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def real() -> str:
    """Name of the catalog model; skips unless it has been pulled (tests never download)."""
    from prospect_agents.language.pull import model_folder

    if not model_folder("smollm2-135m").is_dir():
        pytest.skip("prospect models pull smollm2-135m")
    return "smollm2-135m"

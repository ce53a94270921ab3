"""Attention for many new tokens behind many cached ones: heads that share keys are stacked, not their keys repeated.

With grouped heads (several query heads a key head) the usual way copies every cached key and value once a query head,
for every forward. Stacking the query heads of a group along the query axis instead leaves the keys as they are, and
makes the matrices larger: half the time on a CPU.

In bfloat16 on a CPU without matrix tiles, two products of matrices with a softmax between them take little more than
half the time of torch's fused kernel. Scores are then rounded to bfloat16, as in transformers' `eager` attention.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from prospect_agents.language.weights import cpu_features

GROUPED = "grouped_sdpa"  #: the name to load a model with
MOST_SCORES = 1 << 23  #: how many scores may lie in memory at once; more are left to the fused kernel


def groups_of(module: torch.nn.Module) -> int:
    """How many query heads share a key head; 1 where the configuration does not say."""
    config: Any = module.config
    heads = getattr(config, "num_attention_heads", None)
    return max(1, heads // (getattr(config, "num_key_value_heads", None) or heads)) if heads else 1


def stacked(mask: torch.Tensor, groups: int) -> torch.Tensor:
    """A mask [B, Q, K] for all heads of a group, [B, 1, groups * Q, K]."""
    return mask[:, None].repeat(1, 1, groups, 1)


def grouped_sdpa(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of queries [B, heads, Q, size] over keys [B, key heads, K, size], [B, Q, heads, size].

    Any mask but a `stacked` one is treated as transformers' own attention does.

    Raises:
        NotImplementedError: the model wants more than scaled dot products (capped scores, position biases, sinks).
    """
    batch, heads, width, size = query.shape
    if attention_mask is None or attention_mask.shape[2] == width:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **options)
    if wanted := [name for name in ("softcap", "position_bias", "s_aux") if options.get(name) is not None]:
        raise NotImplementedError(f"attention with {', '.join(wanted)}")
    together = query.reshape(batch, key.shape[1], -1, size)
    scores = heads * width * key.shape[2]
    if _unfused(query) and scores <= MOST_SCORES:
        together = together * (size**-0.5 if scaling is None else scaling)
        parts = (each.split(MOST_SCORES // scores) for each in (together, key, value, attention_mask))
        out = torch.cat([_explicit(*part) for part in zip(*parts, strict=True)])
    else:
        out = torch.nn.functional.scaled_dot_product_attention(together, key, value, attention_mask, scale=scaling)
    return out.reshape(batch, heads, width, -1).transpose(1, 2), None


def _unfused(query: torch.Tensor) -> bool:
    return query.dtype == torch.bfloat16 and query.device.type == "cpu" and "amx_bf16" not in cpu_features()


def _explicit(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    scores = torch.matmul(query, key.transpose(2, 3)).add_(mask)
    return torch.matmul(torch.softmax(scores, -1, out=scores), value)


AttentionInterface.register(GROUPED, grouped_sdpa)
AttentionMaskInterface.register(GROUPED, sdpa_mask)

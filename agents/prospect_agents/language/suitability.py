"""Whether a causal model does what rows of token trees take for granted, and how long a text it can be given.

Scores are an output layer on last hidden states, and a token is attended to wherever it stands before another. Whatever
does more (scaled or capped scores, biases by distance, encoders) would be scored wrongly, and is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from prospect_agents.language.encoding import Capacity
from prospect_agents.language.network import Network
from prospect_agents.language.rows import Encoded, Row
from prospect_agents.language.scoring import together
from prospect_env.core.errors import ModelError

#: what bounds a text: the positions that there are, and windows, beyond which the first tokens are seen no more
_POSITIONS = "max_position_embeddings"
_WINDOWS = ("sliding_window", "attention_chunk_size", "local_attention")
#: tokens that a comparison takes at the least
_LEAST = 11
#: how far last hidden states and scores of tokens may be from plain ones, relative to their length. Measured, the most
#: over 30 small random models of as many kinds and SmolLM2-135M: .15 and .01 in bfloat16, 2e-6 and 0 in float32. Models
#: that do more are off by .27 or more in one, or .2 in the other.
_TOLERANCE = {torch.bfloat16: (0.2, 0.05), torch.float32: (1e-3, 1e-3)}


def capacity(config: Any) -> Capacity:
    """How long a text the model of this configuration can be given whole."""
    text = config.get_text_config()
    kinds = getattr(text, "layer_types", None)
    windows = _WINDOWS if kinds is None or set(kinds) - {"full_attention"} else ()
    limits = {name: getattr(text, name, None) for name in (_POSITIONS, *windows)}
    for rope in _ropes(text):
        # These rotate by other angles as soon as any text in a forward is longer, whatever is cached.
        if rope.get("rope_type", rope.get("type")) == "longrope":
            name = "original_max_position_embeddings"
            limits[name] = rope.get(name) or getattr(text, name, None)
    known = {name: limit for name, limit in limits.items() if isinstance(limit, int) and limit > 0}
    stated = min(known, key=known.__getitem__, default="")
    return Capacity(known.get(stated, 1 << 30), stated)


def _ropes(config: Any) -> Iterator[dict[str, Any]]:
    """Every description of rotary positions: there may be one a kind of layer."""
    for name in ("rope_parameters", "rope_scaling"):
        found = getattr(config, name, None)
        if isinstance(found, dict):
            yield found
            yield from (part for part in found.values() if isinstance(part, dict))


@torch.inference_mode()
def require_plain(network: Network, name: str) -> None:
    """Compare a forked tree behind a cache, and the output layer, with plain forwards.

    Raises:
        ModelError: they differ by more than rounding, or the model cannot be asked so at all.
    """
    longest, stated = capacity(network.module.config)
    if longest < _LEAST:
        raise ModelError(f"{name} holds {longest} tokens ({stated}), too few to be told anything")
    if getattr(network.module.config.get_text_config(), "final_logit_softcapping", None):
        raise ModelError(f"{name} caps its scores (final_logit_softcapping), which is not supported")
    try:
        hidden, scores = _gaps(network)
    except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError, NotImplementedError) as error:
        raise ModelError(f"{name} does not take a tree mask with a cache: {error}") from error
    finally:
        network.forget()
    allowed = _TOLERANCE[network.dtype]
    for what, gap, most in (("hidden states", hidden, allowed[0]), ("scores of tokens", scores, allowed[1])):
        if not gap < most:
            raise ModelError(
                f"{name} needs more than causal attention and an output layer: {what} differ by {gap:.2g} of their "
                f"length, where rounding explains {most:g}"
            )


def _gaps(network: Network) -> tuple[float, float]:
    """How far last hidden states in a tree, and scores of tokens, are from plain ones, relative to their length."""
    module = network.module
    vocabulary = module.get_input_embeddings().num_embeddings
    ids = (np.arange(2, 34) * 7919 % vocabulary).tolist()
    # Nine tokens more at the most, in all no more than there is room for.
    context = tuple(ids[: min(18, capacity(module.config).tokens - _LEAST + 2)])
    tails, labels = (tuple(ids[18:22]), tuple(ids[20:23])), (ids[23:26], ids[26:28])
    queries = [Encoded(context, tail, tuple(map(tuple, labels))) for tail in tails]
    plain = {
        (index, label): torch.tensor([[*context, *query.tail, *query.labels[label]]], device=network.device)
        for index, query in enumerate(queries)
        for label in range(len(query.labels))
    }
    states = {at: module.base_model(input_ids=text, use_cache=False).last_hidden_state for at, text in plain.items()}
    network.begin()
    network.forward([Row(context[: len(context) // 2], [])])
    hidden = 0.0
    for rows, found in together(network, queries, [0] * len(queries)):
        for i, row in enumerate(rows):
            for read in row.reads:
                true = states[read.query, read.label][0, row.position[read.node]]
                hidden = max(hidden, _apart(found[i, read.node], true))
    scores = 0.0
    for at, text in plain.items():
        for _, ours in network.logits(states[at], [(0, place) for place in range(text.shape[1])]):
            theirs = module(input_ids=text, use_cache=False).logits[0].float()
            # A constant added to all scores of a place changes no probability.
            scores = max(scores, _apart(ours - ours.mean(-1, keepdim=True), theirs - theirs.mean(-1, keepdim=True)))
    return hidden, scores


def _apart(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.float() - other.float()).norm() / other.float().norm())

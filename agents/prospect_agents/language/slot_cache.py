"""Keys and values of cached tokens in one pool per layer, offered to transformers as its cache.

During a forward the new tokens' keys and values are written into their slots, and then the slots of each row, cached
and new, are gathered once. There is no padded per-row cache to assemble, grow or crop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from transformers.cache_utils import Cache


class Placement(NamedTuple):
    """Where a forward of Q new tokens behind K cached ones reads and writes.

    Attributes:
        new: positions in the flattened [B x Q] that are real tokens, shape [tokens].
        slots: where those go, shape [tokens].
        gather: the slots each row attends over, cached ones first, shape [B, K + Q].
        cached: K.
    """

    new: torch.Tensor
    slots: torch.Tensor
    gather: torch.Tensor
    cached: int


class SlotCache(Cache):
    """Pools [capacity, heads, size] per layer. Set `placement` before each forward."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.capacity = 0
        self.placement: Placement | None = None
        self._pools: dict[tuple[int, bool], torch.Tensor] = {}
        self._gathered: dict[bool, torch.Tensor] = {}

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new tokens' states [B, heads, Q, size] and return those of all, [B, heads, K + Q, size]."""
        return self._through((layer_idx, True), key_states), self._through((layer_idx, False), value_states)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        return self.placement.cached if self.placement else 0

    def get_mask_sizes(self, query_length: int, layer_idx: int = 0) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_query_offset(self, layer_idx: int = 0) -> int:
        return self.get_seq_length()

    def token_bytes(self) -> int:
        """Bytes that one token takes in all layers; 0 before the first forward."""
        return sum(pool[0].numel() * pool.element_size() for pool in self._pools.values())

    def _through(self, which: tuple[int, bool], states: torch.Tensor) -> torch.Tensor:
        assert self.placement is not None
        new, slots, gather, _ = self.placement
        rows = states.transpose(1, 2).flatten(0, 1)
        if len(new) < len(rows):
            rows = rows[new]
        pool = self._pools.get(which)
        if pool is None or len(pool) < self.capacity:
            # Zeros, because whatever is masked still takes part in the arithmetic and must be finite.
            grown = rows.new_zeros(self.capacity, *rows.shape[1:])
            if pool is not None:
                grown[: len(pool)] = pool
            pool = self._pools[which] = grown
        pool.index_copy_(0, slots, rows)
        # Layers come one after the other, so all may gather into the same memory.
        out = self._gathered.get(which[1])
        if out is None or len(out) != gather.numel():
            out = self._gathered[which[1]] = pool.new_empty(gather.numel(), *pool.shape[1:])
        torch.index_select(pool, 0, gather.flatten(), out=out)
        return out.unflatten(0, gather.shape).transpose(1, 2)

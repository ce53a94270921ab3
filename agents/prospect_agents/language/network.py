"""A causal network and what it has computed: forwards over rows of token trees behind cached contexts.

A forward costs the same for one token as for twenty: hence few forwards, each over as many rows as fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from prospect_agents.language.attention import groups_of, stacked
from prospect_agents.language.prefix_tree import ROOT, PrefixTree
from prospect_agents.language.rows import Row, Tokens, buckets
from prospect_agents.language.slot_cache import Placement, SlotCache
from prospect_agents.language.weights import float_head


class Network:
    """A causal language model that is given rows, and keeps the keys and values of their contexts.

    Args:
        module: from transformers, loaded with `attention.GROUPED`.
        cache_bytes: bound on what is kept between calls; it changes time only.
    """

    #: what one more forward costs, in tokens: sharing or padding that saves less is not worth it
    FORWARD_WORTH = 48
    #: bounds of one forward: new tokens (activations), mask cells, and positions of full-vocabulary output
    MAX_TOKENS, MAX_CELLS, MAX_OUTPUTS = 2048, 1 << 24, 256

    def __init__(self, module: Any, cache_bytes: int) -> None:
        self.module, self.dtype, self.device = module, module.dtype, module.device
        self._cache_bytes, self._groups = cache_bytes, groups_of(module)
        # bfloat16 logits of size 20 are rounded by up to .06: the output layer is worth computing in full precision.
        self._head = module.get_output_embeddings().float() if self.dtype == torch.float32 else float_head(module)
        self.forget()

    def forget(self) -> None:
        """Empty the cache."""
        self.tree, self.slots = PrefixTree(), SlotCache()

    def again(self) -> Network:
        """The same weights with a cache of its own."""
        other = object.__new__(Network)
        other.__dict__.update(self.__dict__)
        other.forget()
        return other

    def begin(self) -> None:
        """Begin a call: what earlier ones found or pinned may be evicted from now on."""
        self.tree.tick()

    def end(self) -> None:
        """End a call: nothing is pinned any more, and no more is kept than is allowed."""
        self.tree.tick()
        self._trim()

    def run(self, rows: Sequence[Row], pin: bool = False) -> Iterator[tuple[list[Row], torch.Tensor]]:
        """Few forwards over these rows; with each, its rows and last hidden states [B, Q, H]."""
        some = [row for row in rows if row.tokens]
        for bucket in buckets(some, self.FORWARD_WORTH, self.MAX_TOKENS, self.MAX_CELLS):
            yield bucket, self.forward(bucket, pin)

    def forward(self, rows: list[Row], pin: bool = False, keys: Tokens | None = None) -> torch.Tensor:
        """One forward over rows padded to [B, Q] behind [B, K] cached tokens, which keeps contexts. Shape [B, Q, H].

        `pin` keeps all of them, for the rest of the call at least. `keys` name the (single) row's context in the cache
        where its token ids do not.
        """
        taken = [self.tree.take(len(row.tokens)) for row in rows]
        try:
            hidden = self._hidden(rows, taken)
        except BaseException:
            for slots in taken:
                self.tree.give(slots)
            raise
        for row, slots in zip(rows, taken, strict=True):
            self._keep(row, slots, pin, keys)
        self._trim()
        return hidden

    def logits(
        self, hidden: torch.Tensor, places: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[Sequence[tuple[int, int]], torch.Tensor]]:
        """Scores of all tokens after these places (row, node) of `hidden`, [places, vocabulary], float32, in parts."""
        for begin in range(0, len(places), self.MAX_OUTPUTS):
            part = places[begin : begin + self.MAX_OUTPUTS]
            rows_at, nodes_at = self._to(np.array(part).T)
            yield part, self._head(hidden[rows_at, nodes_at].float())

    def _keep(self, row: Row, slots: Sequence[int], pin: bool, keys: Tokens | None) -> None:
        """Hang the contexts that a row computed into the tree of what is cached, and pinned rows whole.

        Questions seldom come up again, and in stories they are most of what is read. Texts that are written, with their
        rows pinned, go on behind theirs.
        """
        names = row.tokens if keys is None else keys[len(row.context) - row.trunk :]
        at: dict[int, int] = {}
        for node, (above, slot) in enumerate(zip(row.parents, slots, strict=True)):
            if node in row.contexts or (pin and keys is None):
                behind = at[above] if above >= 0 else row.held[-2 - above] if above < -1 else ROOT
                at[node] = self.tree.add(behind, names[node], slot, pin)
            else:
                self.tree.give([slot])

    def _trim(self) -> None:
        self.tree.trim(self._cache_bytes // max(1, self.slots.token_bytes()))

    def _hidden(self, rows: list[Row], taken: list[list[int]]) -> torch.Tensor:
        """Last hidden states, [B, Q, H]."""
        batch, width, cached = len(rows), max(len(r.tokens) for r in rows), max(len(r.held) for r in rows)
        ids, position = np.zeros((2, batch, width), dtype=np.int64)
        gather = np.empty((batch, cached + width), dtype=np.int64)
        allowed = np.zeros((batch, width, cached + width), dtype=bool)
        for i, (row, slots) in enumerate(zip(rows, taken, strict=True)):
            n, k = len(row.tokens), len(row.held)
            ids[i, :n], position[i, :n] = row.tokens, row.position
            # Padding points at a slot of its own row and is masked; padded tokens see something, or softmax is nan.
            gather[i] = slots[0]
            gather[i, :k], gather[i, cached : cached + n] = row.held, slots
            allowed[i, :n, :k] = row.seen()
            allowed[i, :n, cached : cached + n] = row.ancestors()
            allowed[i, n:, cached] = True
        real = np.flatnonzero((np.arange(width) < np.array([[len(row.tokens)] for row in rows])).ravel())
        self.slots.capacity = self.tree.capacity
        into = np.concatenate(taken)
        self.slots.placement = Placement(self._to(real), self._to(into), self._to(gather), cached)
        mask = torch.zeros(allowed.shape, dtype=self.dtype, device=self.device)
        mask.masked_fill_(self._to(~allowed), torch.finfo(self.dtype).min)
        return self.module.base_model(
            input_ids=self._to(ids),
            attention_mask=stacked(mask, self._groups),
            position_ids=self._to(position),
            past_key_values=self.slots,
            use_cache=True,
        ).last_hidden_state

    def _to(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

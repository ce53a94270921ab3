"""Which token sequences are cached, and in which slots: bookkeeping only, no tensors.

Every cached token is a node of a tree and owns one slot, the row of a pool where its keys and values lie (paged
attention with pages of one token). Equal beginnings are therefore stored once, whoever asks, and any part of them can
be reused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROOT = -1


class PrefixTree:
    """A tree of tokens over slots 0..capacity-1, with least-recently-used eviction from the leaves."""

    def __init__(self) -> None:
        self.capacity = 0
        self._child: dict[tuple[int, int], int] = {}
        self._free: list[int] = []
        self._parent = np.empty(0, dtype=np.int64)
        self._key = np.empty(0, dtype=np.int64)
        self._depth = np.empty(0, dtype=np.int64)
        self._stamp = np.empty(0, dtype=np.int64)  # -1: not in the tree
        self._clock = 0

    def __len__(self) -> int:
        """Tokens in the tree."""
        return len(self._child)

    def tick(self) -> None:
        """Begin a call: what was touched before it may be evicted from now on."""
        self._clock += 2

    def find(self, keys: Sequence[int]) -> list[int]:
        """Slots of the longest cached beginning of `keys`; they stay until the next `tick`."""
        node, path = ROOT, []
        for key in keys:
            found = self._child.get((node, key))
            if found is None:
                break
            path.append(found)
            node = found
        # Odd stamps are pinned: newer than anything merely stored in this call.
        self._stamp[path] = self._clock + 1
        return path

    def take(self, count: int) -> list[int]:
        """`count` unused slots, growing the capacity if need be. They are the caller's until `add` or `give`."""
        if len(self._free) < count:
            self._grow(max(2 * self.capacity, self.capacity + count, 4096))
        taken = self._free[-count:][::-1] if count else []
        del self._free[len(self._free) - count :]
        return taken

    def give(self, slots: Sequence[int]) -> None:
        """Take back slots that are not in the tree."""
        self._free.extend(reversed(slots))

    def follow(self, slot: int, key: int) -> int | None:
        """The slot of `key` behind what lies in `slot` (`ROOT`: the beginning), if it is cached; it stays as in `find`.

        What lies in `slot` must have been found in the same call.
        """
        found = self._child.get((slot, key))
        if found is not None:
            self._stamp[found] = self._clock + 1
        return found

    def add(self, slot: int, key: int, new: int, pin: bool = False) -> int:
        """Hang `key`, whose content now lies in slot `new`, behind `slot` (`ROOT`: the beginning); returns its slot.

        That is another one where the key was there already: then `new` is unused again. With `pin` it stays until the
        next `tick`.
        """
        stamp, held = self._clock + pin, self._child.get((slot, key))
        if held is not None:
            self.give([new])
            self._stamp[held] = max(self._stamp[held], stamp)
            return held
        self._child[slot, key] = new
        depth = 1 if slot == ROOT else self._depth[slot] + 1
        self._parent[new], self._key[new], self._depth[new], self._stamp[new] = slot, key, depth, stamp
        return new

    def trim(self, limit: int) -> None:
        """Forget the least recently used tokens while more than `limit` are held, except pinned ones."""
        if len(self) <= limit:
            return
        held = np.flatnonzero((self._stamp >= 0) & (self._stamp <= self._clock))
        # A touch reaches all ancestors, so an older stamp is never nearer the root; among equals the deepest go first.
        order = held[np.lexsort((-self._depth[held], self._stamp[held]))]
        # A tenth more than needed, so that a full cache is not sorted again for every few tokens.
        for slot in order[: len(self) - limit + limit // 10].tolist():
            del self._child[int(self._parent[slot]), int(self._key[slot])]
            self._stamp[slot] = -1
            self._free.append(slot)

    def _grow(self, capacity: int) -> None:
        new = capacity - self.capacity
        self._parent, self._key, self._depth, self._stamp = (
            np.concatenate([old, np.full(new, -1)]) for old in (self._parent, self._key, self._depth, self._stamp)
        )
        self._free[:0] = range(capacity - 1, self.capacity - 1, -1)
        self.capacity = capacity

"""Pack many questions about few contexts into rows of token trees.

A row is one context and everything asked about it, or several contexts that have much in common: a tree of which part
is cached, and from which contexts, tails and longer labels branch. Each token is in the row once, however many
questions share it. Under a mask in which a token sees only its own ancestors, one forward answers everything exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

Tokens = tuple[int, ...]

GATHER = 14  #: what gathering the keys and values of a token costs, in tokens that attend to it (measured on a CPU)


class Encoded(NamedTuple):
    """What is asked, in token ids; `parts` are the segments of the context, `dropped` what was left out of it."""

    context: Tokens
    tail: Tokens
    labels: tuple[Tokens, ...] = ()
    parts: tuple[Tokens, ...] = ()
    dropped: int = 0

    @property
    def length(self) -> int:
        """Tokens of context and tail."""
        return len(self.context) + len(self.tail)

    def further(self, token: int) -> Encoded:
        """The same text with one more token."""
        return Encoded(self.context + self.tail, (token,), parts=(*self.parts, self.tail))


class Read(NamedTuple):
    """Add log P(token | what leads to node) to the score of a label of a query."""

    query: int
    label: int
    node: int
    token: int


class Row:
    """A tree of tokens: new ones, behind those that are cached already.

    Nodes 0, 1, ... are new tokens, parents before children, the trunk first: what is new of `context`. Node -1 - k
    stands for "after cached token number k - 1", the slot of which is `held[k - 1]`; node -1 is the beginning. The
    cached beginning of `context` comes first, then what else is cached of what is asked. `parents[i]` is a node,
    `position[i]` the place of node i in its own text, and `contexts` has the nodes that belong to a context.

    Args:
        context: the first context; others branch off it.
        path: slots of as many of its tokens as are cached.
        follow: the slot of a cached token behind another one (by its slot, -1: the beginning), or None. Without it all
            that is asked is new.
    """

    def __init__(
        self, context: Tokens, path: Sequence[int], follow: Callable[[int, int], int | None] | None = None
    ) -> None:
        self.context, self.held = context, list(path)
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self.position: list[int] = []
        self.reads: list[Read] = []
        self.ends: dict[int, int] = {}
        self._follow, self._chain = follow, len(path)
        self._above: list[int] = []  # the node that each held token behind the chain hangs behind
        self._depth: list[int] = []
        self._child: dict[tuple[int, int], int] = {}
        self._again: dict[int, int] = {}  # cached tokens that are computed once more, and as which node
        self._grow(-1 - len(path), context[len(path) :])
        self.trunk = len(self.tokens)
        self.contexts = set(range(self.trunk))

    def ask(self, index: int, query: Encoded) -> int:
        """Add a query, number `index`, and return how many tokens of its context and tail are new here."""
        context, tail = (query.context, query.tail) if query.tail else (query.context[:-1], query.context[-1:])
        before, known = len(self.tokens), _common(context, self.context)
        node = -1 - known if known <= self._chain else known - self._chain - 1
        for token in context[known:]:
            node = self._grow(node, (token,))
            self.contexts.add(node)
        node = self._grow(node, tail[:-1])
        # The cache holds no output: tokens before those that are scored must be computed.
        end = self.ends[index] = self._compute(node, tail[-1])
        new = len(self.tokens) - before
        for k, label in enumerate(query.labels):
            node = end
            for token, after in zip(label, (*label[1:], None), strict=True):
                self.reads.append(Read(index, k, node, token))
                if after is not None:
                    node = self._compute(node, token)
        return new

    def ancestors(self) -> np.ndarray:
        """Bool [n, n]: row i marks the new tokens that node i sees, itself included."""
        n = len(self.tokens)
        marks = np.eye(n, dtype=bool)
        marks[: self.trunk, : self.trunk] = np.tri(self.trunk, dtype=bool)
        for node in range(self.trunk, n):
            if self.parents[node] >= 0:
                marks[node] |= marks[self.parents[node]]
        return marks

    def seen(self) -> np.ndarray:
        """Bool [n, K]: row i marks the held tokens that node i sees."""
        roots = np.empty(len(self.tokens), dtype=np.int64)
        for node, above in enumerate(self.parents):
            roots[node] = roots[above] if above >= 0 else -1 - above
        marks = np.arange(len(self.held)) < np.minimum(roots, self._chain)[:, None]
        if not self._above:
            return marks
        behind = np.zeros((len(self._above), len(self.held)), dtype=bool)
        for k, above in enumerate(self._above):
            count = -1 - above
            behind[k] = np.arange(len(self.held)) < count if count <= self._chain else behind[count - 1 - self._chain]
            behind[k, self._chain + k] = True
        off = roots > self._chain
        marks[off] = behind[roots[off] - 1 - self._chain]
        return marks

    def _grow(self, node: int, tokens: Sequence[int]) -> int:
        """The node that these tokens behind `node` end in: what is cached or asked already is not computed again."""
        for token in tokens:
            child = self._child.get((node, token))
            if child is None:
                child = self._cached(node, token)
            node = self._new(node, token) if child is None else child
        return node

    def _compute(self, node: int, token: int) -> int:
        """As `_grow`, of one token that must be computed: one that is cached stays, and what is cached behind it."""
        child = self._grow(node, (token,))
        if child >= 0:
            return child
        again = self._again.get(child)
        if again is None:
            again = self._again[child] = self._added(node, token)
        return again

    def _new(self, node: int, token: int) -> int:
        child = self._child[node, token] = self._added(node, token)
        return child

    def _added(self, node: int, token: int) -> int:
        self.tokens.append(token)
        self.parents.append(node)
        self.position.append(self._length(node))
        return len(self.tokens) - 1

    def _cached(self, node: int, token: int) -> int | None:
        if self._follow is None or node >= 0:
            return None
        slot = self._follow(self.held[-2 - node] if node < -1 else -1, token)
        if slot is None:
            return None
        self.held.append(slot)
        self._above.append(node)
        self._depth.append(self._length(node) + 1)
        self._child[node, token] = child = -1 - len(self.held)
        return child

    def _length(self, node: int) -> int:
        """How many tokens the text up to and with this node has."""
        if node >= 0:
            return self.position[node] + 1
        count = -1 - node
        return count if count <= self._chain else self._depth[count - 1 - self._chain]


def chains(contexts: Sequence[Tokens]) -> list[list[Tokens]]:
    """Distinct contexts in groups of which each member begins the next: one row each."""
    groups: list[list[Tokens]] = []
    for context in sorted(set(contexts)):
        if groups and context[: len(groups[-1][-1])] == groups[-1][-1]:
            groups[-1].append(context)
        else:
            groups.append([context])
    return groups


def distinct(texts: Sequence[Tokens]) -> int:
    """How many tokens these texts have, those of common beginnings counted once."""
    ordered = sorted(texts)
    return sum(map(len, ordered)) - sum(map(_common, ordered, ordered[1:]))


def packed(groups: Sequence[list[Tokens]], cached: Sequence[int], asked: Sequence[int]) -> list[list[Tokens]]:
    """Neighbouring groups of `chains` put into one row where that is cheaper.

    A row of Q new tokens behind K held ones costs (Q + GATHER) x (K + Q): all new ones attend to all, and all are
    gathered. `cached[i]` tokens of the longest context of groups[i] are known, and about asked[i] more are asked.
    """
    rows: list[list[Tokens]] = []
    new = held = 0
    for group, known, more in zip(groups, cached, asked, strict=True):
        alone = len(group[-1]) - known + more
        if rows:
            same = _common(rows[-1][-1], group[-1])
            new_both, held_both = new + alone - max(0, same - known), held + max(0, known - same)
            if _cost(new_both, held_both) <= _cost(new, held) + _cost(alone, known):
                rows[-1] += group
                new, held = new_both, held_both
                continue
        rows.append(list(group))
        new, held = alone, known
    return rows


def _cost(new: int, held: int) -> int:
    return (new + GATHER) * (held + new)


def shared_beginnings(contexts: Sequence[Tokens], cached: Sequence[int], worth: int) -> list[Tokens]:
    """Shared beginnings that save at least `worth` tokens when computed once, beforehand.

    None of the contexts may begin another. `cached[i]` tokens of contexts[i] are known already. Returns only the
    outermost; call again once they are cached.
    """
    known = dict(zip(contexts, cached, strict=True))
    found: list[Tokens] = []
    groups = [sorted(known)] if known else []
    while groups:
        group = groups.pop()
        length = _common(group[0], group[-1])
        if (len(group) - 1) * (length - max(known[context] for context in group)) >= worth:
            found.append(group[0][:length])
            continue
        inner: dict[Tokens, list[Tokens]] = {}
        for context in group:
            inner.setdefault(context[length : length + 1], []).append(context)
        groups += [part for part in inner.values() if len(part) > 1]
    return found


def buckets(rows: Sequence[Row], waste: int, tokens: int, cells: int) -> Iterator[list[Row]]:
    """Groups of rows of like length: at most `waste` padding, `tokens` tokens and `cells` mask cells (or one row)."""
    group: list[Row] = []
    padding = longest = 0
    for row in sorted(rows, key=lambda row: (-len(row.tokens), -len(row.held))):
        length = len(group[0].tokens) if group else len(row.tokens)
        padding += length - len(row.tokens)
        longest = max(longest, len(row.held))
        count = length * (len(group) + 1)
        if group and (padding > waste or count > tokens or count * (longest + length) > cells):
            yield group
            group, padding, longest = [], 0, len(row.held)
        group.append(row)
    if group:
        yield group


def _common(a: Tokens, b: Tokens) -> int:
    """Length of the common beginning."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

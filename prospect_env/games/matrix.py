"""Repeated two-seat matrix games: both seats choose at once, are paid from a table, and see what the other did.

Rules: a table of payoffs says what each seat gets for each pair of actions. The same table is played `rounds` times,
and after each round both seats know what both did. Source: von Neumann and Morgenstern 1944.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from prospect_env.core.errors import BadParameter
from prospect_env.core.game import GameSpec
from prospect_env.games.repeated import Repeated

#: the table a matrix game has if none is given, so that every registered game can be built by its name alone
ROCK_PAPER_SCISSORS = (
    ((0, 0), (-1, 1), (1, -1)),
    ((1, -1), (0, 0), (-1, 1)),
    ((-1, 1), (1, -1), (0, 0)),
)


@dataclass(frozen=True)
class MatrixGame(Repeated):
    """A repeated bimatrix; `payoffs` `[A0, A1, 2]`, `rounds` >= 1. Build one with `matrix_game`."""

    spec: GameSpec
    payoffs: Float[np.ndarray, "A0 A1 2"]
    rounds: int

    @property
    def parameters(self) -> dict[str, Any]:
        spec = self.spec
        made = {"payoffs": _listed(self.payoffs.tolist()), "rounds": self.rounds, "discount": spec.discount}
        if spec.name != "matrix_game":
            return made
        return made | {"actions": spec.actions, "cooperative": spec.cooperative, "source": spec.source}

    def pay(self, actions: Int[np.ndarray, "B 2"]) -> Float[np.ndarray, "B 2"]:
        flat = actions[:, 0].astype(np.intp)
        flat *= self.payoffs.shape[1]
        flat += actions[:, 1]
        # Clipped: matches that are over are stepped with actions that mean nothing.
        return self._rows.take(flat, axis=0, mode="clip")

    @property
    def options(self) -> NDArray[np.bool_]:
        return _options(self.payoffs.shape[0], self.payoffs.shape[1], len(self.spec.actions))

    @property
    def _rows(self) -> NDArray[np.float32]:
        return self.payoffs.reshape(-1, 2)

    def __hash__(self) -> int:
        return hash((self.spec, self.payoffs.tobytes(), self.rounds))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MatrixGame):
            return False
        return self.spec == other.spec and self.rounds == other.rounds and np.array_equal(self.payoffs, other.payoffs)


def _options(first: int, second: int, actions: int) -> NDArray[np.bool_]:
    return np.arange(actions) < np.array([[first], [second]])


def matrix_game(
    payoffs: Any = ROCK_PAPER_SCISSORS,
    rounds: int = 10,
    discount: float = 1.0,
    actions: Sequence[str] | None = None,
    cooperative: Sequence[int] = (),
    name: str = "matrix_game",
    source: str = "",
) -> MatrixGame:
    """A repeated game from any two-seat payoff table.

    `payoffs` is `[A0, A1, 2]`: entry `[a, b]` is the pair of payoffs when seat 0 chooses `a` and seat 1 chooses `b` (by
    default rock, paper, scissors); the seats may have different numbers of actions. `actions` are labels (by default A,
    B, C ...), `cooperative` the indices that count as cooperation. Raises `BadParameter` for a table of another shape
    or with numbers not finite.
    """
    try:
        table = np.array(payoffs, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise BadParameter(f"payoffs must be a table [A0, A1, 2] of numbers, not {payoffs!r}") from error
    if table.ndim != 3 or table.shape[2] != 2 or 0 in table.shape:
        raise BadParameter(f"payoffs has shape {table.shape}; it must be [A0, A1, 2]")
    if not np.isfinite(table).all():
        raise BadParameter("payoffs holds numbers that are not finite")
    if not isinstance(rounds, int | np.integer) or isinstance(rounds, bool) or rounds < 1:
        raise BadParameter(f"rounds is {rounds!r}; it must be a whole number, 1 or more")
    if not 0 < discount <= 1:
        raise BadParameter(f"discount is {discount!r}; it must be above 0 and at most 1")
    count = max(table.shape[:2])
    labels = tuple(actions) if actions is not None else tuple(_letter(i) for i in range(count))
    if len(labels) != count or len(set(labels)) != count:
        raise BadParameter(f"actions must be {count} different labels, not {labels!r}")
    if any(not 0 <= a < count for a in cooperative):
        raise BadParameter(f"cooperative is {tuple(cooperative)!r}; each must be an action, 0 to {count - 1}")
    symmetric = table.shape[0] == table.shape[1] and np.array_equal(table[..., 0], table[..., 1].T)
    welfare = table.sum(axis=2)
    spec = GameSpec(
        name=name,
        version=0,
        seats=2,
        roles=("player", "player") if symmetric else ("row", "column"),
        actions=labels,
        reactions=labels,
        reaction_of=tuple(range(count)),
        horizon=int(rounds),
        payoff_bounds=(float(table.min()), float(table.max())),
        welfare_bounds=(float(welfare.min()), float(welfare.max())),
        discount=float(discount),
        reference=float(table.mean()),
        cooperative=tuple(int(a) for a in cooperative),
        interchangeable=((0, 1),) if symmetric else ((0,), (1,)),
        observation_size=2 * count + 1,
        source=source,
    )
    table.setflags(write=False)
    return MatrixGame(spec, table, int(rounds))


def _listed(rows: Any) -> Any:
    """Nested lists as nested tuples."""
    return tuple(_listed(row) for row in rows) if isinstance(rows, list) else rows


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"A{index}"

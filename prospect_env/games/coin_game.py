"""The coin game: whoever takes the coin gains 1, and if it is another's colour, that other loses 2.

Rules: seats walk on a `height` x `width` board whose edges wrap around; there is one coin, of one seat's colour. In
each step all seats move at once, one cell right, left, down or up; several may share a cell. Then each seat on the
coin's cell takes it and gets 1, and for each of them that is not its owner the owner loses 2. So where both of two
seats reach the coin at once its owner has 1 - 2 = -1 and the other 1. A coin that was taken comes back at once on a
cell drawn evenly from those on which nobody stands, in another seat's colour: with two seats colours alternate, and
with more each of the others is as likely. A match lasts `steps`.

Source: Lerer and Peysakhovich 2017, arXiv 1707.01068, with the payoffs of Foerster et al. 2018 (LOLA), arXiv
1709.04326. Where published codes differ this follows POLA's (Zhao et al. 2022, arXiv 2210.10125): four moves, both may
take one coin, seats may start together, the coin never falls on a seat, colours alternate. (LOLA's first code gave a
coin that both reached to red alone; JaxMARL has two coins at once and a fifth action, which `stay` allows here too.)
More than two seats, and their colours, are this project's generalisation.
"""

from __future__ import annotations

import colorsys
import string
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome, Tile
from prospect_env.core.state import take
from prospect_env.games.parameters import amounts, whole

MOVES = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0), "stay": (0, 0)}
GAIN, LOSS = 1, 2  #: what taking a coin brings, and what it costs its owner each time another takes it
REACTIONS = ("took another's coin", "took its own coin", "moved on")
MOVED_ON = 2
MOST_SEATS = len(string.ascii_uppercase)  #: each has a letter on the board


@dataclass(frozen=True)
class CoinState:
    """Cells are numbered row by row: each seat's, Int64 `[B, N]`, and the coin's; the coin's owner; steps played."""

    places: Int[np.ndarray, "B N"]
    coin: Int[np.ndarray, " B"]
    owner: Int[np.ndarray, " B"]
    step: Int[np.ndarray, " B"]


@dataclass(frozen=True)
class CoinGame(Game):
    """One coin, `seats` (2 to 26) on a board with more cells than seats, `steps` long; `stay` adds a fifth action.

    Reactions are events, looked for in the `window` steps after a choice.
    """

    seats: int = 2
    height: int = 3
    width: int = 3
    steps: int = 150
    stay: bool = False
    window: int = 5
    discount: float = 1.0

    def __post_init__(self) -> None:
        whole(self, seats=2, height=1, width=1, steps=1, window=1)
        amounts(self, "discount")
        if self.seats > MOST_SEATS:
            raise BadParameter(f"seats is {self.seats}; it must be at most {MOST_SEATS}, a letter of the board each")
        if self._cells <= self.seats:
            raise BadParameter(
                f"a board of {self.height} x {self.width} has {self._cells} cells; {self.seats} seats and a coin need "
                f"{self.seats + 1} or more"
            )
        if not isinstance(self.stay, bool):
            raise BadParameter(f"stay is {self.stay!r}; it must be true or false")
        if not 0 < self.discount <= 1:
            raise BadParameter(f"discount is {self.discount!r}; it must be above 0 and at most 1")

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        others = self.seats - 1
        return GameSpec(
            name="coin_game",
            version=0,
            seats=self.seats,
            roles=("collector",) * self.seats,
            actions=tuple(MOVES)[: self._moves],
            reactions=REACTIONS,
            reaction_of=(),
            ranked=True,
            window=self.window,
            horizon=self.steps,
            # At worst all others take one's coin and oneself is elsewhere: each gains 1 of the 2 that it costs.
            payoff_bounds=(-LOSS * others, GAIN),
            welfare_bounds=((GAIN - LOSS) * others, GAIN),
            discount=self.discount,
            measures=("own_coins", "others_coins"),
            interchangeable=(tuple(range(self.seats)),),
            deterministic=False,
            observation_size=2 * self.seats * self._cells,
            source="Lerer and Peysakhovich 2017; LOLA, Foerster et al. 2018; rules as in POLA, Zhao et al. 2022",
        )

    @cached_property
    def leads(self) -> Int[np.ndarray, "cells A"]:
        """The cell to which each move leads from each cell."""
        row, column = np.divmod(np.arange(self._cells)[:, None], self.width)
        down, right = np.array(list(MOVES.values())[: self._moves]).T
        return np.ascontiguousarray((row + down) % self.height * self.width + (column + right) % self.width)

    def distance(self, cell: Int[np.ndarray, "..."], other: Int[np.ndarray, "..."]) -> Int[np.ndarray, "..."]:
        """The fewest moves from one cell to another."""
        (row, column), (other_row, other_column) = np.divmod(cell, self.width), np.divmod(other, self.width)
        rows, columns = np.abs(row - other_row), np.abs(column - other_column)
        return np.minimum(rows, self.height - rows) + np.minimum(columns, self.width - columns)

    @cached_property
    def legend(self) -> tuple[Tile, ...]:  # type: ignore[override]
        """An empty cell, each seat, each seat's coin, and a cell that seats share."""
        hues = [colorsys.hsv_to_rgb(seat / self.seats, 1.0, 0.8) for seat in range(self.seats)]
        colours = [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b in hues]
        named = list(zip(self.spec.agents, string.ascii_uppercase, colours, strict=False))
        seats = [Tile(agent, letter, colour) for agent, letter, colour in named]
        coins = [
            Tile(f"coin of {agent}", letter.lower(), (170 + r // 3, 170 + g // 3, 170 + b // 3))
            for agent, letter, (r, g, b) in named
        ]
        return (Tile("empty", ".", (255, 255, 255)), *seats, *coins, Tile("several seats", "*", (90, 90, 90)))

    def initial(self, batch: int, chance: Chance) -> CoinState:
        places = chance.integers("places", self._cells, (self.seats,))
        coin, owner = self._thrown(places, chance.uniform("first coin"), self.seats)
        return CoinState(places, coin, owner, np.zeros(batch, dtype=np.int32))

    def active(self, state: CoinState) -> Bool[np.ndarray, "B N"]:
        return np.repeat((state.step < self.steps)[:, None], self.seats, axis=1)

    def legal(self, state: CoinState) -> Bool[np.ndarray, "B N A"]:
        first = np.arange(self._moves) == 0
        return np.repeat((state.step < self.steps)[:, None, None] | first, self.seats, axis=1)

    def step(self, state: CoinState, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        # Clipped: matches that are over are stepped with actions that mean nothing.
        places = self.leads.take(state.places * self._moves + actions, mode="clip")
        on_coin = places == state.coin[:, None]
        own = np.eye(self.seats, dtype=bool).take(state.owner, axis=0)
        measures = np.empty((*on_coin.shape, 2), dtype=np.float32)
        np.logical_and(on_coin, own, out=measures[..., 0])
        np.greater(on_coin, own, out=measures[..., 1])
        stolen = short_sum(measures[..., 1])
        rewards = on_coin * np.float32(GAIN) - own * (LOSS * stolen)[:, None]
        # Whether the coin is one's own is just the label of having taken it.
        events = np.where(on_coin, own.view(np.int8), np.int8(MOVED_ON))
        coin, owner = self._replaced(state, places, on_coin, chance)
        played = state.step + np.int32(1)
        after = CoinState(places, coin, owner, played)
        executed, reactions = actions.astype(np.int8), events
        over = state.step >= self.steps
        if over.any():
            executed, reactions = (np.where(over[:, None], np.int8(-1), labels) for labels in (executed, events))
        everywhere = np.ones(len(played), dtype=bool)
        return Outcome(after, rewards, executed, reactions, None, everywhere, played >= self.steps, measures)

    def _replaced(
        self, state: CoinState, places: NDArray[np.int64], on_coin: NDArray[np.bool_], chance: Chance
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The coin's cell and owner after those who stood on it took it."""
        # A match is in it twice where two seats took the coin, with the same result both times.
        rows = np.flatnonzero(on_coin) // self.seats
        coin, owner = state.coin.copy(), state.owner.copy()
        coin[rows], ahead = self._thrown(places[rows], take(chance, rows).uniform("coin"), self.seats - 1)
        owner[rows] = (owner[rows] + 1 + ahead) % self.seats
        return coin, owner

    def _thrown(
        self, places: NDArray[np.int64], uniform: NDArray[np.float64], owners: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """A cell on which nobody stands and one of so many owners, all pairs as likely, by one number in [0, 1)."""
        standing = np.sort(places, axis=1)
        shared = standing[:, 1:] == standing[:, :-1]
        pairs = (self._cells - self.seats + shared.sum(axis=1)) * owners
        cell, owner = np.divmod((uniform * pairs).astype(np.int64), owners)
        # The k-th free cell: each occupied one in turn that is not beyond it pushes it on, a shared one only once.
        cell += cell >= standing[:, 0]
        for seat in range(1, self.seats):
            cell += (cell >= standing[:, seat]) & ~shared[:, seat - 1]
        return cell, owner

    def observe(self, state: CoinState) -> Float[np.ndarray, "B N O"]:
        """Planes of the board, flat: oneself, the other seats in the order after oneself, then the coin.

        The coin has a plane for each owner, in the same order (own coin first); it is 1 in one of them. With two seats
        these are the four planes of LOLA and POLA, each seat seeing itself as the first.
        """
        batch, size = len(state.coin), self.spec.observation_size
        seats_at, coins_at = self._planes
        ones = np.empty((self.seats, self.seats + 1, batch), dtype=np.int64)
        np.add(seats_at[:, :, None], state.places.T, out=ones[:, :-1])
        np.add(coins_at.take(state.owner, axis=1), state.coin, out=ones[:, -1])
        ones += np.arange(0, batch * self.seats * size, self.seats * size)
        seen = np.zeros(batch * self.seats * size, dtype=np.float32)
        seen[ones.reshape(-1)] = 1.0
        return seen.reshape(batch, self.seats, size)

    def board(self, state: CoinState) -> Int[np.ndarray, "B H W"]:
        matches, shared = np.arange(len(state.coin)), len(self.legend) - 1
        tiles = np.zeros((len(matches), self._cells), dtype=np.int64)
        for seat, place in enumerate(state.places.T):
            tiles[matches, place] = np.where(tiles[matches, place] > 0, shared, 1 + seat)
        tiles[matches, state.coin] = 1 + self.seats + state.owner
        return tiles.reshape(-1, self.height, self.width)

    def situation(self, known: CoinState, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """Rows and columns from 0, oneself first; `coin_owner` is the number of a seat."""
        things = {"own": known.places[:, seat]}
        for other in range(self.seats):
            if other != seat:
                things[self.spec.agents[other]] = known.places[:, other]
        things["coin"] = known.coin
        told = {}
        for name, cell in things.items():
            told[f"{name}_row"], told[f"{name}_column"] = np.divmod(cell, self.width)
        return told | {"coin_owner": known.owner}

    @property
    def _cells(self) -> int:
        return self.height * self.width

    @property
    def _moves(self) -> int:
        return len(MOVES) if self.stay else len(MOVES) - 1

    @cached_property
    def _planes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where planes begin in a match's observations: `[observer, seat]`, and of coins `[observer, owner]`."""
        seats = np.arange(self.seats)
        ahead = (seats - seats[:, None]) % self.seats
        begin = seats[:, None] * self.spec.observation_size
        return begin + ahead * self._cells, begin + (self.seats + ahead) * self._cells

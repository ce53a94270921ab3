"""Counter-based chance: every number is a function of (episode seed, scope, step, purpose, index), nothing else.

There is no generator to advance, so a match is bit-identical alone, in a batch, in any order and when replayed.
Numbers come from the finaliser of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
generators"), applied to key + counter. Keys of scopes are made from the seed with a feed-forward (Davies-Meyer), which
cannot be run backwards as the finaliser alone can, so a policy that holds its own key learns neither the seed nor the
key of another scope from it. (A search through small seeds could: this keeps policies honest, it is no cryptography.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped, UInt64
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = (np.uint64(shift) for shift in (27, 30, 31, 11))
_UNIT = 2.0**-53


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser, in place."""
    shifted = x >> _S30
    x ^= shifted
    x *= _M1
    np.right_shift(x, _S27, out=shifted)
    x ^= shifted
    x *= _M2
    np.right_shift(x, _S31, out=shifted)
    x ^= shifted
    return x


@lru_cache(maxsize=65536)
def _tag(*parts: str | int) -> np.uint64:
    """64 bits that stand for these words and numbers."""
    text = "\x1f".join(map(str, parts)).encode()
    return np.uint64(int.from_bytes(blake2b(text, digest_size=8).digest(), "little"))


def _one_way(key: NDArray[np.uint64], tag: np.uint64) -> NDArray[np.uint64]:
    """A key that cannot be run back to `key`: two rounds with feed-forward."""
    first = _mix(key + tag) ^ key
    return _mix(first * np.uint64(_GOLDEN) + tag) ^ first


@dataclass(frozen=True, slots=True)
class Chance:
    """The random numbers of one scope at one step, for a batch of matches.

    `key` is UInt64 `[B]`; `step` is an integer that all matches share, or Int64 `[B]`.
    """

    key: UInt64[np.ndarray, " B"]
    step: int | Int[np.ndarray, " B"] = 0

    def _salted(self, purpose: str) -> NDArray[np.uint64]:
        if isinstance(self.step, np.ndarray):
            return np.asarray(self.key + _mix(self.step.astype(np.uint64) * np.uint64(_GOLDEN) + _tag(purpose)))
        return np.asarray(self.key + _step_salt(purpose, int(self.step)))

    def _bits(self, purpose: str, shape: tuple[int, ...]) -> NDArray[np.uint64]:
        salted = self._salted(purpose)
        if not shape:
            return _mix(salted)
        salted = salted.reshape(salted.shape + (1,) * len(shape))
        cells = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64).reshape(shape) * np.uint64(_GOLDEN)
        # The salt is spent on the key before the cells come in, or cell k of one step could be cell k+1 of another.
        return _mix(_mix(salted) + cells)

    def uniform(self, purpose: str, shape: tuple[int, ...] = ()) -> Float[np.ndarray, "B ..."]:
        """Numbers in [0, 1), float64 `[B, *shape]`; equal purposes at one step give equal numbers."""
        bits = self._bits(purpose, shape)
        bits >>= _S11
        numbers = bits.astype(np.float64)
        numbers *= _UNIT
        return numbers

    def uniform_at(self, purpose: str, cell: Int[np.ndarray, " B"]) -> Float[np.ndarray, " B"]:
        """Number `cell` (0 or more, one a match) of those that `uniform` gives for this purpose, float64 `[B]`."""
        salted = _mix(self._salted(purpose))
        bits = _mix(salted + (cell + 1).astype(np.uint64) * np.uint64(_GOLDEN))
        return (bits >> _S11).astype(np.float64) * _UNIT

    def integers(self, purpose: str, high: int, shape: tuple[int, ...] = ()) -> Int[np.ndarray, "B ..."]:
        """Whole numbers 0 .. high-1, int64 `[B, *shape]`."""
        return (self.uniform(purpose, shape) * high).astype(np.int64)

    def bernoulli(self, purpose: str, p: float | Float[np.ndarray, "..."]) -> Bool[np.ndarray, " B"]:
        """True with probability `p`, Bool `[B]`."""
        return self.uniform(purpose) < p

    def categorical(self, purpose: str, probs: Float[np.ndarray, "B A"]) -> Int[np.ndarray, " B"]:
        """An index drawn from each row of `probs` `[B, A]`, int64 `[B]`; a label with probability 0 is never drawn."""
        cumulative = np.cumsum(probs, axis=-1, dtype=np.float64)
        # The last positive label takes what rounding leaves over.
        total = cumulative[:, -1:]
        drawn = (self.uniform(purpose)[:, None] * total >= cumulative).sum(axis=-1)
        last = probs.shape[-1] - 1 - np.argmax(probs[:, ::-1] > 0, axis=-1)
        return np.minimum(drawn, last)

    def normal(self, purpose: str, shape: tuple[int, ...] = ()) -> Float[np.ndarray, "B ..."]:
        """Standard normal numbers (Box-Muller), float64 `[B, *shape]`."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(f"{purpose}/radius", shape)))
        return radius * np.cos(2.0 * np.pi * self.uniform(f"{purpose}/angle", shape))

    def derive(self, *scope: str | int) -> Chance:
        """An independent scope below this one (a modifier's, a sample's, imagination's); there is no way back up."""
        return Chance(_one_way(self.key, _tag(*scope)), self.step)

    def imagine(self, sample: int = 0) -> Chance:
        """Chance for what is only thought: planning, believing, sampled roll-forward."""
        return self.derive("imagination", sample)


@lru_cache(maxsize=65536)
def _step_salt(purpose: str, step: int) -> np.uint64:
    salt = np.array([(step * _GOLDEN + int(_tag(purpose))) & _MASK], dtype=np.uint64)
    return np.uint64(_mix(salt)[0])


@dataclass(frozen=True, slots=True)
class Streams:
    """All chance of a batch of matches by scope, held by the arena and never by a policy; no seed is kept in it."""

    keys: dict[str, Shaped[np.ndarray, " B"]]

    @classmethod
    def of(cls, seeds: UInt64[np.ndarray, " B"], seats: int) -> Streams:
        """The streams of matches with these seeds: one of the game's and one a seat."""
        scopes = ["game", *(f"seat/{seat}" for seat in range(seats))]
        return cls({scope: _one_way(seeds, _tag("scope", scope)) for scope in scopes})

    @classmethod
    def imagined(cls, chance: Chance, seats: int) -> Streams:
        """Streams for matches that are only thought, from the thinker's own chance."""
        thought = chance.imagine()
        return cls.of(thought._bits("streams", ()), seats)

    @property
    def batch(self) -> int:
        """The number of matches."""
        return len(self.keys["game"])

    def game(self, step: int | Int[np.ndarray, " B"]) -> Chance:
        """The game's own chance in this step."""
        return Chance(self.keys["game"], step)

    def seat(self, seat: int, step: int | Int[np.ndarray, " B"]) -> Chance:
        """What the policy at `seat` may draw from in this step."""
        return Chance(self.keys[f"seat/{seat}"], step)


def episode_seeds(
    seed: int, episodes: Int[np.ndarray, " E"] | int, purpose: str = "episode"
) -> UInt64[np.ndarray, " E"]:
    """The seed of each episode of a run: a function of the run's seed and the episode's number alone, UInt64 `[E]`."""
    numbers = np.arange(episodes) if isinstance(episodes, int) else episodes
    base = np.full(len(numbers), _tag("run", int(seed)), dtype=np.uint64)
    return _one_way(base + numbers.astype(np.uint64) * np.uint64(_GOLDEN), _tag(purpose))

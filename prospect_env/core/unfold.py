"""`unfold`: what follows from each own action, as a tensor; the one place where the future is computed.

Fed with a predictor it rolls the forecast forward; fed with the real co-players it is the oracle, and the truth that
forecasts are scored against. All three are one function of a `Source`: somebody who says how everybody acts at a
position and what the position becomes. It is exact while joint choices are few and sampled when they are many.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.decided import predicted
from prospect_env.core.expand import SAMPLES, Fan, Source, expand, own_executed
from prospect_env.core.forecast import Forecast, attainable, more_significant, normalised, one_hot
from prospect_env.core.game import Game, Outcome
from prospect_env.core.policy import Memory, Predictor, View
from prospect_env.core.position import Position, active, advance, chance, imagined, view
from prospect_env.core.state import join

ABREAST = 128  #: positions thought of that are followed side by side; results do not depend on it


@dataclass(frozen=True)
class PredictorSource(Source):
    """A predictor asked about hypothetical continuations: its memory is at key `"predictor"` of the nodes."""

    game: Game
    predictor: Predictor
    seat: int

    def probs(self, node: Position) -> Float[np.ndarray, "B N A"]:
        seen = view(self.game, node, self.seat)
        said = self.predictor.predict(node.memories["predictor"], seen, chance(node, self.seat))
        return predicted(said, seen, self.predictor.name or type(self.predictor).__name__)

    def probs_of(self, thoughts: Sequence[Position], together: Position) -> Float[np.ndarray, "B N A"]:
        # Asked of one match several times, a predictor may leave out its own seat: there it is asked of what might
        # come, where that seat's actions are listed. What it says here is its forecast of itself.
        return np.concatenate([self.probs(thought) for thought in thoughts])

    def advance(
        self, node: Position, executed: Int[np.ndarray, "B N"], now: Bool[np.ndarray, "B N"]
    ) -> tuple[Position, Outcome]:
        watchers = {"predictor": self.predictor}
        return advance(self.game.unending, node, executed, watchers, now, seats={"predictor": self.seat})


class Unfolding(NamedTuple):
    """What follows from each own action `a`.

    `probs` `[B, L, A, N, R]`: reactions. `mask` `[B, L, A, N]`: rows that mean something (legal own action, a seat that
    does act); the others are uniform. `attainable` `[B, L, A, N, R]`: reactions that the rules allow there. `rewards`
    `[B, A, N]`: every seat's expected payoff in this step.
    """

    probs: Float[np.ndarray, "B L A N R"]
    mask: Bool[np.ndarray, "B L A N"]
    attainable: Bool[np.ndarray, "B L A N R"]
    rewards: Float[np.ndarray, "B A N"]


def unfold(
    source: Source,
    node: Position,
    seat: int,
    first: Float[np.ndarray, "B N A"] | None = None,
    fan: Fan | None = None,
) -> Unfolding:
    """What follows from each action of `seat` at `node`, as `source` has it.

    `first` are everybody's executed-action probabilities in this very step, where they are known already. `fan` says
    how many nodes like this one are unfolded for one answer, and which of them it is.
    """
    game, spec = source.game, source.game.spec
    batch = len(node.over)
    now, legal = active(game, node), game.legal(node.state)
    executed = np.asarray(source.probs(node) if first is None else first, dtype=np.float64)
    own = own_executed(game, node, seat) * legal[:, seat, :, None]

    # Enumerate whatever own action could be executed with weight 1, then weigh it by each choice's chances.
    support = executed.copy()
    support[:, seat] = own.max(axis=1) > 0
    branches = expand(source, node, support, now, keep=seat, fan=fan)

    by_choice = partial(branches.by_choice, own=own)
    later, acts, can = reactions_after(source, branches.after, np.ones(branches.executed.shape, bool), branches.fan)
    reached = by_choice(acts)

    probs = np.empty((batch, *spec.forecast_shape))
    if spec.events:
        shown = one_hot(branches.outcome.reactions, len(spec.reactions))
        probs[:, 0] = normalised(by_choice(shown))
        # The same in all rows, the prediction of one's own choice: what comes of each action, by how it is executed.
        by_action = normalised(branches.expected(shown)[:, :, seat])
        probs[:, 0, :, seat] = short_sum(executed[:, seat, :, None] * by_action, axis=1)[:, None]
    else:
        probs[:, 0] = normalised(spec.reactions_from(executed))[:, None]
    probs[:, 1] = normalised(by_choice(later * acts[..., None]))
    speaks = np.zeros((2, 1, spec.seats), dtype=bool)
    speaks[:, :, list(source.speaks_of)] = True
    # Where this step is known, so is one's own choice in it.
    speaks[0, :, seat] |= first is not None
    mask = np.empty((batch, 2, len(spec.actions), spec.seats), dtype=bool)
    mask[:, 0], mask[:, 1] = now[:, None], reached > 0
    mask &= (legal[:, seat] & now[:, seat, None])[:, None, :, None] & speaks
    could = np.empty((batch, *spec.forecast_shape), dtype=bool)
    could[:, 0], could[:, 1] = attainable(spec, legal)[:, None], by_choice(can & acts[..., None]) > 0
    np.copyto(probs, 1.0 / len(spec.reactions), where=~mask[..., None])
    return Unfolding(probs, mask, could, by_choice(branches.outcome.rewards))


class Shown(NamedTuple):
    """What seats show within the reaction window, one row a position.

    `probs` `[K, N, R]`: reaction probabilities, given that the seat chooses at all. `acts` `[K, N]`: whether it does.
    `can` `[K, N, R]`: the reactions that the rules allow it.
    """

    probs: NDArray[np.float64]
    acts: NDArray[np.bool_]
    can: NDArray[np.bool_]


def reactions_after(
    source: Source, node: Position, pending: Bool[np.ndarray, "K N"], fan: Fan, window: int | None = None
) -> Shown:
    """The reaction of each `pending` seat within `window` steps (by default the game's).

    It is the seat's first choice, or the most significant label it shows where the game ranks them. Steps in between
    are played as `source` says.
    """
    spec = source.game.spec
    steps = spec.window if window is None else window
    shape = (len(node.over), spec.seats, len(spec.reactions))
    now = active(source.game, node)
    acts = now & pending
    more = steps > 1 and (spec.ranked or bool((pending & ~acts).any()))
    if not (acts.any() or (more and now.any() and pending.any())):
        return Shown(np.full(shape, 1.0 / shape[-1]), np.zeros(shape[:2], bool), np.zeros(shape, bool))
    # What others choose in the last step does not depend on what is chosen beside it; what comes of it may.
    last = not more and not spec.events
    executed = np.asarray(source.probs(node) if last else source.everybody(node), dtype=np.float64)
    can = attainable(spec, source.game.legal(node.state)) & acts[..., None]
    if last:
        return Shown(np.where(acts[..., None], spec.reactions_from(executed), 1.0 / shape[-1]), acts, can)
    onward = expand(source, node, executed, now, fan=fan)
    wanted = (pending if spec.ranked else pending & ~acts)[onward.rows]
    if more:
        then = reactions_after(source, onward.after, wanted, onward.fan, steps - 1)
    else:
        then = Shown(
            np.zeros((*wanted.shape, shape[-1])), np.zeros_like(wanted), np.zeros((*wanted.shape, shape[-1]), bool)
        )
    if spec.ranked:
        done = onward.outcome.reactions if spec.events else spec.reaction_table[onward.executed]
        then = _most_significant(one_hot(done, shape[-1]), acts[onward.rows], can[onward.rows], then)
    late = onward.expected(then.acts.astype(np.float64))[:, 0] > 0
    probs = normalised(onward.expected(then.probs * then.acts[..., None])[:, 0])
    could = (onward.expected((then.can & then.acts[..., None]).astype(np.float64))[:, 0] > 0) & late[..., None]
    if spec.ranked:
        return Shown(np.where(late[..., None], probs, 1.0 / shape[-1]), late, could)
    # Where a seat acts in some continuations only, the forecast is given that it acts.
    first = np.where(acts[..., None], spec.reactions_from(executed), 1.0 / shape[-1])
    return Shown(np.where(late[..., None], probs, first), acts | late, can | could)


def _most_significant(
    label: NDArray[np.float64], acts: Bool[np.ndarray, "K N"], can: Bool[np.ndarray, "K N R"], then: Shown
) -> Shown:
    """The more significant (the lower) of the `label` shown now (one-hot `[K, N, R]`) and what is shown `then`."""
    earlier = np.cumsum(label, axis=-1) == 0  # labels more significant than the one shown
    at_least = np.cumsum(then.probs[..., ::-1], axis=-1)[..., ::-1]
    both = np.where(earlier, then.probs, label * at_least)
    probs = np.where(then.acts[..., None], both, label)
    lower = more_significant(can, then.can)
    allowed = np.where((then.acts & acts)[..., None], lower, np.where(acts[..., None], can, then.can))
    probs = np.where(acts[..., None], probs, then.probs)
    return Shown(probs, acts | then.acts, allowed)


def thoughts(seen: View, luck: Chance, memories: dict[Any, Memory]) -> tuple[Position, ...]:
    """The positions to think from: one where everything is known and certain, otherwise `SAMPLES` draws.

    The hidden state comes from `believe`, chance from imagination; never from the state or the chance that is real.
    """
    sure = seen.game.spec.perfect_information and seen.game.spec.deterministic
    return tuple(imagined(seen, luck.imagine(draw), memories) for draw in range(1 if sure else SAMPLES))


def blend(parts: Sequence[Unfolding]) -> Unfolding:
    """The average of several unfoldings; draws in which a seat does not act have no say in what it does."""
    says = np.stack([part.mask for part in parts])
    weighted = sum(part.probs * part.mask[..., None] for part in parts)
    return Unfolding(
        normalised(np.asarray(weighted)),
        np.asarray(says.any(axis=0)),
        np.any([part.attainable for part in parts], axis=0),
        np.mean([part.rewards for part in parts], axis=0),
    )


def roll_forward(predictor: Predictor, memory: Memory, seen: View, luck: Chance) -> Forecast:
    """The forecast `[B, L, A, N, R]` that follows from what `predictor` says, rolled forward through the rules.

    Exact where all is known, certain and the joint choices are few; otherwise an average over `SAMPLES` draws. It is
    given that the match goes on: ends by chance are for planners to reckon with. A predictor that states its rows
    itself is taken at its word.
    """
    source = PredictorSource(seen.game, predictor, seen.seat)
    nodes = thoughts(seen, luck, {"predictor": memory})
    stated = predictor.rows(memory, seen, luck)
    probs = unfold_all(source, nodes, seen.seat).probs if stated is None else stated
    return Forecast(probs, Asking(source, nodes))


def unfold_all(source: Source, nodes: Sequence[Position], seat: int) -> Unfolding:
    """The average of what follows at each of several thoughts; together they take as many draws as one would alone."""
    if len(nodes) == 1:
        return unfold(source, nodes[0], seat)
    asking, parts = Asking(source, tuple(nodes)), []
    for some in abreast(nodes):
        parts += apart(unfold(source, some.node, seat, asking.now(some), some.fan), len(some.numbers))
    return blend(parts)


class Abreast(NamedTuple):
    """The thoughts `numbers` of several: their matches side by side in `node`, and how each is to be continued."""

    numbers: range
    node: Position
    fan: Fan


def abreast(nodes: Sequence[Position]) -> Iterator[Abreast]:
    """Several thoughts of the same matches, many at a time.

    What a thought leads to does not depend on those beside it; one call for many saves what every call costs.
    """
    batch, many = len(nodes[0].over), len(nodes)
    size = max(1, ABREAST // max(batch, 1))
    for start in range(0, many, size):
        numbers = range(start, min(start + size, many))
        number = np.repeat(np.array(numbers), batch)
        yield Abreast(numbers, join([nodes[n] for n in numbers]), Fan(np.full(len(number), many), number))


def apart(together: Unfolding, thoughts: int) -> list[Unfolding]:
    """What follows at each of the thoughts that were unfolded side by side."""
    fields = (np.split(field, thoughts) for field in together)
    return [Unfolding(*part) for part in zip(*fields, strict=True)]


@dataclass(frozen=True)
class Asking:
    """A source, and the positions from which it is to be asked: several where not everything is known."""

    source: Source
    nodes: tuple[Position, ...]

    def now(self, some: Abreast) -> Float[np.ndarray, "B N A"]:
        """How everybody acts in this very step, as the source has it at some of the positions."""
        return self.source.probs_of([self.nodes[number] for number in some.numbers], some.node)

"""Donation: help somebody who may never meet you again, under the eyes of those who will.

Rules: `seats` seats on a network. Each round chance draws for every seat one of the seats it meets, its recipient (one
may be the recipient of several), and tells everybody. All choose at once: give, at a `cost` to oneself, so that the
recipient gains `benefit`; or keep, and nothing happens. What comes back for a gift comes from third parties.

Everybody holds an image, good or bad, of everybody; all are good at first. A seat sees what those do whom it meets, and
judges them by a social norm, from what was done and from the recipient's image in its own eyes:

    ===============  ============  ============  ===========  ===========
    norm             give to good  keep to good  give to bad  keep to bad
    ===============  ============  ============  ===========  ===========
    image_scoring    good          bad           good         bad
    simple_standing  good          bad           good         good
    stern_judging    good          bad           bad          good
    shunning         good          bad           bad          bad
    ===============  ============  ============  ===========  ===========

Third parties err: with probability `error` one takes a gift for none, or the reverse. Donor and recipient do not. Then
there is gossip: each seat listens to one of the seats it meets, drawn by chance, and takes over each of its opinions of
others with probability `gossip`, even against its own eyes. Images are private. With `reputation="public"` there is one
record instead, which everybody reads and nothing else: it errs for all alike, and there is no gossip.

Measures, by seat and step, after the round: `standing`, the share of those who meet the seat in whose eyes it is good,
and `gave`, 1 where it gave and 0 where it kept.

Sources: Nowak and Sigmund 1998 (image scoring), Ohtsuki and Iwasa 2006 (norms that use the recipient's image),
Sommerfeld et al. 2007 (gossip moves even those who saw for themselves).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from prospect_env.core.arrays import short_sum
from prospect_env.core.chance import Chance
from prospect_env.core.errors import BadParameter
from prospect_env.core.game import Game, GameSpec, Outcome
from prospect_env.games.network import adjacency, edges_of
from prospect_env.games.parameters import amounts, whole

GIVE, KEEP = 0, 1

#: the image of who (kept, gave) to a recipient that is (bad, good), 1 good
NORMS = {
    "image_scoring": ((0, 0), (1, 1)),
    "simple_standing": ((1, 0), (1, 1)),
    "stern_judging": ((1, 0), (0, 1)),
    "shunning": ((0, 0), (0, 1)),
}


@dataclass(frozen=True)
class Names:
    """`round` Int32 `[B]`; `recipient` Int8 `[B, N]`: to whom each seat may give now.

    `image` Int8 `[B, N, N]`: what each seat (second axis) thinks of each, 1 good, 0 bad, -1 unknown.
    """

    round: Int[np.ndarray, " B"]
    recipient: Int[np.ndarray, "B N"]
    image: Int[np.ndarray, "B N N"]


@dataclass(frozen=True)
class Donation(Game):
    """`network` is who meets whom, see `prospect_env.games.network` (None: everybody); 0 < `cost` < `benefit`."""

    seats: int = 4
    rounds: int = 20
    benefit: float = 3.0
    cost: float = 1.0
    network: Any = None
    norm: str = "stern_judging"
    reputation: str = "private"
    error: float = 0.05
    gossip: float = 0.0

    def __post_init__(self) -> None:
        whole(self, seats=2, rounds=1)
        amounts(self, "benefit", "cost", "error", "gossip")
        if self.seats > 100:
            raise BadParameter(f"seats is {self.seats}; it may be 2 to 100")
        if not 0 < self.cost < self.benefit:
            raise BadParameter(f"cost is {self.cost:g} and benefit {self.benefit:g}; 0 < cost < benefit must hold")
        for name, value, allowed in (
            ("norm", self.norm, tuple(NORMS)),
            ("reputation", self.reputation, ("private", "public")),
        ):
            if value not in allowed:
                raise BadParameter(f"{name} is {value!r}; it may be {', '.join(allowed)}")
        for name in ("error", "gossip"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadParameter(f"{name} is {getattr(self, name):g}; it must be between 0 and 1")
        if self._public and self.gossip:
            raise BadParameter(f"gossip is {self.gossip:g} and reputation public; with one record for all it must be 0")
        object.__setattr__(self, "network", edges_of(self.network, self.seats))

    @property
    def _public(self) -> bool:
        return self.reputation == "public"

    @property
    def edges(self) -> tuple[tuple[int, int], ...] | None:
        return self.network

    @cached_property
    def meets(self) -> Bool[np.ndarray, "N N"]:
        """Whether two seats meet: may give to each other and see what the other does."""
        return adjacency(self.network, self.seats)

    @cached_property
    def spec(self) -> GameSpec:  # type: ignore[override]
        seats = tuple(range(self.seats))
        return GameSpec(
            name="donation",
            version=0,
            seats=self.seats,
            roles=("donor",) * self.seats,
            actions=("give", "keep"),
            reactions=("give", "keep"),
            reaction_of=(0, 1),
            horizon=self.rounds,
            payoff_bounds=(-self.cost, self.benefit * int(self.meets.sum(axis=0).max())),
            welfare_bounds=(0.0, self.seats * (self.benefit - self.cost)),
            measures=("standing", "gave"),
            cooperative=(GIVE,),
            interchangeable=(seats,) if self.network is None else tuple((seat,) for seat in seats),
            perfect_information=self._public and self.error == 0,
            deterministic=False,
            observation_size=3 * self.seats + 1,
            source="Nowak and Sigmund 1998",
        )

    def initial(self, batch: int, chance: Chance) -> Names:
        images = np.ones((batch, self.seats, self.seats), dtype=np.int8)
        return Names(np.zeros(batch, dtype=np.int32), self._someone_met("recipient", chance), images)

    def active(self, state: Names) -> Bool[np.ndarray, "B N"]:
        return np.repeat((state.round < self.rounds)[:, None], self.seats, axis=1)

    def legal(self, state: Names) -> Bool[np.ndarray, "B N A"]:
        legal = np.ones((*state.recipient.shape, 2), dtype=bool)
        legal[:, :, KEEP] = self.active(state)
        return legal

    def step(self, state: Names, actions: Int[np.ndarray, "B N"], chance: Chance) -> Outcome:
        active = self.active(state)
        done = np.where(active, actions, -1).astype(np.int8)
        gave = done == GIVE
        given = gave[:, :, None] & (state.recipient[:, :, None] == np.arange(self.seats))
        rewards = self.benefit * short_sum(given.astype(np.float64), axis=1) - self.cost * gave

        seen, image = self._judged(state, done, chance)
        image = np.where(active[:, :, None], self._gossip(image, chance), state.image)
        met = self._someone_met("recipient", chance)
        after = Names(state.round + active[:, 0].astype(np.int32), np.where(active, met, state.recipient), image)
        over = after.round >= self.rounds
        everywhere = np.ones(len(over), dtype=bool)
        measured = np.where(active[:, :, None], np.stack([self.standing(image), gave], axis=2), np.nan)
        paid, measures = rewards.astype(np.float32), measured.astype(np.float32)
        return Outcome(after, paid, done, done, seen, everywhere, over, measures)

    def _judged(
        self, state: Names, done: Int[np.ndarray, "B N"], chance: Chance
    ) -> tuple[Int[np.ndarray, "B N N"], Int[np.ndarray, "B N N"]]:
        """What each seat (second axis) saw each do, and the images that come of it."""
        seats = np.arange(self.seats)
        # Donor and recipient know what was done.
        first_hand = np.eye(self.seats, dtype=bool) | (state.recipient[:, None] == seats[:, None])
        wrong = chance.uniform("error", (1 if self._public else self.seats, self.seats)) < self.error
        told = np.where(wrong, 1 - done[:, None], done[:, None])
        known = np.where(first_hand, done[:, None], told)
        seen = np.where(self._watches & (done >= 0)[:, None], known, -1).astype(np.int8)
        # A public record is read by those who know better, too: it is what the others go by.
        judged = np.broadcast_to(told, known.shape) if self._public else known
        recipients = np.broadcast_to(state.recipient[:, None].astype(np.intp), known.shape)
        standing = np.take_along_axis(state.image, recipients, axis=2)
        verdict = self._verdicts[(judged == GIVE).astype(np.intp), standing]
        return seen, np.where(self._watches, verdict, state.image)

    def _gossip(self, image: Int[np.ndarray, "B N N"], chance: Chance) -> Int[np.ndarray, "B N N"]:
        """The images after each seat has listened to one it meets."""
        if not self.gossip:
            return image
        seats = np.arange(self.seats)
        speaker = self._someone_met("speaker", chance)[:, :, None]
        heard = np.take_along_axis(image, speaker.astype(np.intp), axis=1)
        # Nobody is told of oneself, nor believes what anybody says of itself.
        believes = chance.uniform("gossip", (self.seats, self.seats)) < self.gossip
        return np.where(believes & (speaker != seats) & (seats[:, None] != seats), heard, image)

    def _someone_met(self, purpose: str, chance: Chance) -> Int[np.ndarray, "B N"]:
        """For each seat one of those it meets, each equally likely."""
        degree, order = self._acquaintances
        pick = (chance.uniform(purpose, (self.seats,)) * degree).astype(np.intp)
        return order[np.arange(self.seats), pick]

    @cached_property
    def _acquaintances(self) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, "N N"]]:
        """How many each seat meets, and who they are: first in its row."""
        order = np.argsort(~self.meets, axis=1, kind="stable").astype(np.int8)
        return self.meets.sum(axis=1), order

    @cached_property
    def _watches(self) -> Bool[np.ndarray, "N N"]:
        """Whom each seat sees and judges: whom it meets, itself, and everybody where there is a public record."""
        return self.meets | np.eye(self.seats, dtype=bool) | self._public

    @cached_property
    def _verdicts(self) -> Int[np.ndarray, "2 2"]:
        return np.array(NORMS[self.norm], dtype=np.int8)

    def standing(self, image: Int[np.ndarray, "B N N"]) -> Float[np.ndarray, "B N"]:
        """The share of those who meet a seat in whose eyes it is good."""
        return short_sum((image == 1) * self.meets.astype(np.float64), axis=1) / self.meets.sum(axis=0)

    def hide(self, state: Names, seat: int) -> Names:
        """Private images are one's own business."""
        own = (np.arange(self.seats) == seat)[:, None]
        return state if self._public else replace(state, image=np.where(own, state.image, np.int8(-1)))

    def believe(self, known: Names, seat: int, chance: Chance) -> Names:
        """Others see everybody as this seat does, but for errors; good is whom they never saw or heard of.

        Of how images really differ the rules say nothing before it is known how seats choose.
        """
        if self._public:
            return known
        slip = chance.uniform("images", (self.seats, self.seats)) < self.error
        own = known.image[:, seat, None]
        guess = np.where(slip & (known.round > 0)[:, None, None], 1 - own, own)
        if not self.gossip:
            guess = np.where(self._watches, guess, 1)
        return replace(known, image=np.where(known.image < 0, guess, known.image).astype(np.int8))

    def observe(self, state: Names) -> Float[np.ndarray, "B N O"]:
        """By seat, from oneself on: the image one has of it, whether one may give to it, whether it may give to one."""
        batch, seats = state.recipient.shape
        seen = np.empty((batch, seats, 3 * seats + 1), dtype=np.float32)
        for seat in range(seats):
            mine = state.recipient[:, seat, None] == np.arange(seats)
            shown = np.stack([state.image[:, seat], mine, state.recipient == seat], axis=2)
            seen[:, seat, :-1] = np.roll(shown, -seat, axis=1).reshape(batch, -1)
        seen[:, :, -1] = (state.round / self.rounds)[:, None]
        return seen

    def situation(self, known: Names, seat: int) -> dict[str, Float[np.ndarray, " B"] | Int[np.ndarray, " B"]]:
        """The round, the seat one may give to, and of whom one thinks well."""
        images = {f"player_{j}_is_good": known.image[:, seat, j] for j in range(self.seats) if j != seat}
        return {
            "round": np.minimum(known.round + 1, self.rounds),
            "your_recipient_is_player": known.recipient[:, seat],
            **images,
        }

"""What a policy decided, checked before it takes effect: no policy is trusted, whoever wrote it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from prospect_env.core.arrays import short_sum
from prospect_env.core.errors import IllegalAction, UnsuitablePolicy
from prospect_env.core.forecast import TOLERANCE
from prospect_env.core.policy import Decision, View


def checked(decision: Decision, seen: View) -> Decision:
    """`decision`, if its actions are legal where the seat was asked; raises `IllegalAction` or `UnsuitablePolicy`."""
    if not isinstance(decision, Decision):
        raise UnsuitablePolicy(f"decide returned {type(decision).__name__}; it must return a Decision")
    action = np.asarray(decision.action)
    agent = seen.game.spec.agents[seen.seat]
    if action.shape != seen.active.shape or action.dtype.kind not in "iub":
        raise UnsuitablePolicy(
            f"{agent} decided by {action.dtype} {action.shape}; needed are whole numbers {seen.active.shape}"
        )
    wrong = _illegal(action, seen)
    if wrong is not None and wrong.any():
        row = int(np.argmax(wrong))
        step = int(np.broadcast_to(seen.step, wrong.shape)[row])
        labels = [seen.game.spec.actions[a] for a in np.flatnonzero(seen.legal[row])]
        raise IllegalAction(agent, step, int(action[row]), labels)
    return decision


def _illegal(action: np.ndarray, seen: View) -> Bool[np.ndarray, " B"] | None:
    """In which matches the action breaks the rules; None where none can."""
    legal, labels = seen.legal, seen.legal.shape[1]
    if len(action) == 0:
        return None
    inside = action.min() >= 0 and action.max() < labels
    # Games that never forbid anything share one row among all matches: nothing more to look up.
    if inside and legal.strides[0] == 0 and legal[0].all():
        return None
    clipped = np.clip(action, 0, labels - 1)
    return seen.active & ((clipped != action) | ~legal[np.arange(len(action)), clipped])


def predicted(probs: Float[np.ndarray, "B N A"], seen: View, who: str) -> Float[np.ndarray, "B N A"]:
    """What a predictor says, if it is probabilities of every seat's actions; raises `UnsuitablePolicy`."""
    said = np.asarray(probs, dtype=np.float64)
    shape = (len(seen.active), seen.game.spec.seats, seen.legal.shape[1])
    if said.shape != shape:
        raise UnsuitablePolicy(f"the predictor {who} gave an array of shape {said.shape}; needed is {shape}")
    off = ~(np.abs(short_sum(said) - 1.0) <= TOLERANCE) | (said < 0).any(axis=2)
    if off.any():
        row, seat = (int(i) for i in np.argwhere(off)[0])
        raise UnsuitablePolicy(
            f"the predictor {who} gave {said[row, seat].tolist()} for {seen.game.spec.agents[seat]}; "
            "probabilities must be 0 or more and sum to 1"
        )
    return said


def stated(probs: Float[np.ndarray, "B A"], seen: View, who: str) -> Float[np.ndarray, "B A"]:
    """Choice probabilities, if they are some over legal actions where the seat was asked; raises `UnsuitablePolicy`."""
    asked = np.asarray(probs, dtype=np.float64)
    if asked.shape != seen.legal.shape:
        raise UnsuitablePolicy(f"{who} states probabilities of shape {asked.shape}; needed is {seen.legal.shape}")
    off = (
        ~(np.abs(short_sum(asked) - 1.0) <= TOLERANCE) | (asked < 0).any(axis=1) | (asked * ~seen.legal > 0).any(axis=1)
    )
    off &= seen.active
    if off.any():
        row = int(np.argmax(off))
        raise UnsuitablePolicy(
            f"{who} states probabilities {asked[row].tolist()}; they must be 0 or more, sum to 1, and be 0 for what is "
            f"not legal (legal: {[seen.game.spec.actions[a] for a in np.flatnonzero(seen.legal[row])]})"
        )
    return asked

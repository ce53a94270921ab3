"""One episode step by step: who did what, what was forecast, what was true, and what language models were asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from prospect_env.core.episodes import Episodes
from prospect_env.core.policy import Call


def steps(episodes: Episodes) -> list[dict[str, Any]]:
    """The steps of the first episode as plain values: `step`, `seats`, `forecasts` and `calls`."""
    spec, made = episodes.spec, []
    totals = np.zeros(spec.seats)
    by_step: dict[int, list[Call]] = {}
    for call in episodes.calls:
        by_step.setdefault(call.step, []).append(call)
    for t in range(int(episodes.length[0])):
        totals += episodes.rewards[0, t]
        made.append(
            {
                "step": t,
                "seats": [_seat(episodes, t, seat, float(totals[seat])) for seat in range(spec.seats)],
                "forecasts": _forecasts(episodes, t),
                "calls": [_call(call) for call in by_step.get(t, [])],
            }
        )
    return made


def _seat(episodes: Episodes, t: int, seat: int, total: float) -> dict[str, Any]:
    spec = episodes.spec
    chosen, executed = int(episodes.actions[0, t, seat]), int(episodes.executed[0, t, seat])
    return {
        "agent": spec.agents[seat],
        "policy": episodes.policies[seat],
        "action": spec.actions[chosen] if chosen >= 0 else None,
        "executed": spec.actions[executed] if executed >= 0 else None,
        "reward": float(episodes.rewards[0, t, seat]),
        "total": total,
        "values": None if chosen < 0 else _values(episodes, t, seat),
    }


def _values(episodes: Episodes, t: int, seat: int) -> dict[str, float] | None:
    """The planner's value of every action that the rules allowed."""
    if episodes.values is None:
        return None
    named = _named(episodes.spec.actions, episodes.values[0, t, seat])
    if episodes.legal is None:
        return named
    return {
        name: value for (name, value), legal in zip(named.items(), episodes.legal[0, t, seat], strict=True) if legal
    }


def _forecasts(episodes: Episodes, t: int) -> list[dict[str, Any]]:
    """One entry per forecaster, own action, seat forecast and lead."""
    if episodes.forecast is None:
        return []
    spec, made = episodes.spec, []
    leads, actions, seats, _ = spec.forecast_shape
    for forecaster in range(seats):
        tensor = episodes.forecast[0, t, forecaster]
        if np.isnan(tensor).any():
            continue
        for action in range(actions):
            if episodes.legal is not None and not episodes.legal[0, t, forecaster, action]:
                continue  # what the rules do not allow is a row of the tensor, but nobody says anything of it
            for seat in range(seats):
                for lead in range(leads):
                    if seat == forecaster and lead == 1:
                        continue
                    where = 0, t, forecaster, lead, action, seat
                    if not _means_something(episodes, where):
                        continue
                    made.append(
                        {
                            "forecaster": spec.agents[forecaster],
                            "own_action": spec.actions[action],
                            "taken": int(episodes.actions[0, t, forecaster]) == action,
                            "agent": spec.agents[seat],
                            "lead": lead,
                            "p": _named(spec.reactions, tensor[lead, action, seat]),
                            "fed": None if episodes.fed is None else _named(spec.reactions, episodes.fed[where]),
                            "q": None if episodes.truth is None else _named(spec.reactions, episodes.truth[where]),
                        }
                    )
    return made


def _means_something(episodes: Episodes, where: tuple[int, ...]) -> bool:
    """Whether this row of the tensor is about a choice; without branches nobody knows that of the next step."""
    if episodes.mask is not None:
        return bool(episodes.mask[where])
    _, step, _, lead, _, seat = where
    return lead == 1 or bool(episodes.active[0, step, seat])


def _named(labels: tuple[str, ...], numbers: Any) -> dict[str, float]:
    return {label: float(number) for label, number in zip(labels, numbers, strict=True)}


def _call(call: Call) -> dict[str, Any]:
    return {
        "seat": call.seat,
        "purpose": call.purpose,
        "imagined": call.imagined,
        "prompt": call.prompt,
        "probs": _named(call.labels, np.exp(call.logprobs)),
        "text": call.text,
        "mass": None if np.isnan(call.mass) else call.mass,
        "tokens_in": call.tokens_in,
        "tokens_cached": call.tokens_cached,
        "latency": call.latency,
        "replayed": call.replayed,
    }


def document(episodes: Episodes, made: list[dict[str, Any]], pairing: int) -> dict[str, Any]:
    """The whole episode as one JSON document."""
    return {
        "game": episodes.spec.name,
        "pairing": pairing,
        "episode": int(episodes.episode[0]),
        "policies": episodes.policies,
        "feeds": episodes.feeds,
        "terminated": bool(episodes.terminated[0]),
        "steps": made,
    }


def head(episodes: Episodes) -> list[str]:
    """What one should know before the first step."""
    spec = episodes.spec
    seats = [f"  {agent}: {policy}" for agent, policy in zip(spec.agents, episodes.policies, strict=True)]
    return [f"{spec.name}, episode {int(episodes.episode[0])}, {int(episodes.length[0])} steps", *seats, ""]


def verdict_line(verdict: Any, episode: int) -> str:
    """What playing an episode again has shown."""
    if verdict.same:
        return f"episode {episode} came out the same, bit for bit ({verdict.recorded})"
    differs = ", ".join(verdict.differs) or "nothing that was read back: the recording itself was changed"
    return f"episode {episode} came out differently in: {differs} (recorded {verdict.recorded}, now {verdict.replayed})"


def lines(step: dict[str, Any]) -> list[str]:
    """One step in words, for a terminal."""
    said = [f"step {step['step'] + 1}"]
    for call in step["calls"]:
        where = " (imagined)" if call["imagined"] else ""
        said.append(f"  player_{call['seat']} asks its model about {call['purpose']}{where}:")
        said += [f"    | {line}" for line in call["prompt"].splitlines()]
        said.append(f"    = {_answer(call)}")
    said += _said(step["forecasts"])
    for seat in step["seats"]:
        slip = f" (executed: {seat['executed']})" if seat["executed"] != seat["action"] else ""
        values = f"; values {_shares(seat['values'])}" if seat["values"] and not _nan(seat["values"]) else ""
        did = seat["action"] or "waits"
        said.append(f"  {seat['agent']} {did}{slip}: {seat['reward']:+g}, {seat['total']:g} in all{values}")
    return said


def _said(forecasts: list[dict[str, Any]]) -> list[str]:
    said = []
    for row in forecasts:
        own = row["agent"] == row["forecaster"]
        if own and not row["taken"]:
            continue  # what it says of its own choice is the same in all rows
        when = "now" if row["lead"] == 0 else "next"
        supposed = "" if own else f"if I {row['own_action']}{' (taken)' if row['taken'] else ''}, "
        truth = f"; true {_shares(row['q'])}" if row["q"] else ""
        fed = f"; decided by {_shares(row['fed'])}" if row["fed"] and row["fed"] != row["p"] else ""
        whose = "I" if own else row["agent"]
        said.append(f"  {row['forecaster']} says: {supposed}{whose} {when}: {_shares(row['p'])}{fed}{truth}")
    return said


def _answer(call: dict[str, Any]) -> str:
    """What a model wrote, or the shares of the labels that were scored."""
    if not call["probs"]:
        return repr(call["text"]) + (" (a remembered answer)" if call["replayed"] else "")
    total = sum(call["probs"].values()) or 1.0
    shares = _shares({label: number / total for label, number in call["probs"].items()})
    remembered = "; a remembered answer" if call["replayed"] else ""
    return f"{shares} (of a label mass of {call['mass']:.2g}{remembered})"


def _shares(numbers: dict[str, float]) -> str:
    return ", ".join(f"{label.strip()} {number:.2f}" for label, number in numbers.items())


def _nan(numbers: dict[str, float]) -> bool:
    return any(number != number for number in numbers.values())

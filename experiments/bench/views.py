"""How fast a single match goes through the PettingZoo views, against PettingZoo's own rock, paper, scissors.

Prints player-moves per second and their ratios; everything is measured in this process, in turns. Needs pygame, which
PettingZoo's game imports: `pip install "pettingzoo[classic]"` or just `pip install pygame-ce`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import prospect_env

ROUNDS = 15  #: the length of rps_v2's episodes, given to ours too

Play = Callable[[int], int]  # plays so many episodes, returns how many player-moves were made


def parallel(environment: Any, actions: dict[str, Any], look: bool = False) -> Play:
    """Episodes of a parallel environment, everybody always sending the same; `look` reads the metrics at the end."""

    def play(episodes: int) -> int:
        moves = 0
        for _ in range(episodes):
            environment.reset()
            while environment.agents:
                *_, infos = environment.step(actions)
                moves += 2
            if look:
                assert all(info["episode"]["l"] == ROUNDS for info in infos.values())
        return moves

    return play


def turns(environment: Any, action: Any, last: bool) -> Play:
    """Episodes of an AEC environment, with or without looking at `last()` before each move."""

    def play(episodes: int) -> int:
        moves = 0
        for _ in range(episodes):
            environment.reset()
            for agent in environment.agent_iter():
                over = environment.terminations[agent] or environment.truncations[agent]
                if last:
                    environment.last()
                environment.step(None if over else action)
                moves += not over
        return moves

    return play


def measure(plays: dict[str, Play], repetitions: int, seconds: float) -> dict[str, float]:
    """Player-moves per second of each, the best of `repetitions` rounds in which all take turns."""
    sizes = {}
    for name, play in plays.items():
        play(2)
        started = time.perf_counter()
        play(5)
        sizes[name] = max(2, int(5 * seconds / (time.perf_counter() - started)))
    best = dict.fromkeys(plays, 0.0)
    for _ in range(repetitions):
        for name, play in plays.items():
            started = time.perf_counter()
            moves = play(sizes[name])
            best[name] = max(best[name], moves / (time.perf_counter() - started))
    return best


def main(repetitions: int, seconds: float) -> dict[str, dict[str, float]]:
    """Measure everything; returns the rates and the ratios."""
    from pettingzoo.classic import rps_v2

    # A ready forecast, as a network hands it over; checking it is part of what is measured.
    forecast = np.full((2, 2, 2, 2), 0.5, dtype=np.float32)
    sent: dict[str, Any] = {
        "off": 1,
        "probabilities": {"action": 1, "forecast": forecast},
        "logits": {"action": 1, "forecast": forecast},
    }
    plays = {"rps parallel": parallel(rps_v2.parallel_env(), {"player_0": 1, "player_1": 1})}
    for form, choice in sent.items():
        view = prospect_env.parallel_env("prisoners_dilemma", rounds=ROUNDS, forecast=form)  # type: ignore[arg-type]
        plays[f"parallel {form}"] = parallel(view, {"player_0": choice, "player_1": choice})
    look = prospect_env.parallel_env("prisoners_dilemma", rounds=ROUNDS, forecast="off")
    plays["parallel off, metrics read"] = parallel(look, {"player_0": 1, "player_1": 1}, look=True)
    for last, how in ((False, ""), (True, " with last()")):
        plays[f"rps raw_env{how}"] = turns(rps_v2.raw_env(), 1, last)
        raw = prospect_env.raw_env("prisoners_dilemma", rounds=ROUNDS, forecast="off")
        plays[f"raw_env off{how}"] = turns(raw, 1, last)
        raw = prospect_env.raw_env("prisoners_dilemma", rounds=ROUNDS)
        plays[f"raw_env probabilities{how}"] = turns(raw, sent["probabilities"], last)
    rates = measure(plays, repetitions, seconds)
    ratios = {name: rate / rates["rps parallel"] for name, rate in rates.items() if name.startswith("parallel")}
    ratios |= {
        name: rate / rates["rps raw_env"]
        for name, rate in rates.items()
        if name in ("raw_env off", "raw_env probabilities")
    }
    ratios |= {
        f"{name} with last()": rates[f"{name} with last()"] / rates["rps raw_env with last()"]
        for name in ("raw_env off", "raw_env probabilities")
    }
    return {"player_moves_per_second": rates, "ratio": ratios}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--repetitions", type=int, default=7, help="rounds of which the best counts")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long each measurement takes")
    options = parser.parse_args()
    try:
        found = main(options.repetitions, options.seconds)
    except ModuleNotFoundError as error:
        sys.exit(f"{error}; PettingZoo's rps_v2 needs pygame: pip install pygame-ce")
    if options.json:
        print(json.dumps(found))
    else:
        targets = {"parallel off": 4.0, "parallel probabilities": 2.0}
        for name, rate in found["player_moves_per_second"].items():
            against = f"{found['ratio'][name]:6.1f} x rps_v2" if name in found["ratio"] else ""
            wanted = f"  (wanted: {targets[name]:g})" if name in targets else ""
            print(f"{name:40} {rate / 1e6:7.3f} M/s {against}{wanted}")

"""How fast `coin_game` and `cleanup` are stepped and observed, against JaxMARL's coin game and Melting Pot's clean_up.

    python experiments/bench/games.py [--repeats K] [--json]

Random legal actions, observations included, one core, CPU time; all take turns and of several repeats the fastest
counts. `jaxmarl` 0.2.0 (compiled by XLA, the whole episode one `scan`, `step` with its automatic reset) and
`meltingpot` 2.4.1 (the package dm-meltingpot, whose installation downloads assets) are measured beside ours when they
can be imported; otherwise their stored figures are used and named. In `--json` a peer's figure is null if it was not
measured, `stored_references` has the stored ones, and `peers_measured` says which are which.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from prospect_env import make_game
from prospect_env.core.chance import Streams, episode_seeds
from prospect_env.core.game import Game

#: env-steps per CPU second on a 2-core machine: jaxmarl 0.2.0 at 1 024 environments, one thread; meltingpot 2.4.1
STORED = {"jaxmarl": 0.93e6, "meltingpot": 1750.0}
SEATS = 7  #: of cleanup, as many as clean_up has by default
EPISODE = 150  #: steps of a coin game

Work = Callable[[], int]  # plays for a while, returns how many env-steps were made


class Rates(NamedTuple):
    """Env-steps per CPU second of a game and of its peer, None where that is not installed."""

    game: str
    batch: int
    ours: float
    peer: str
    theirs: float | None

    @property
    def ratio(self) -> float:
        """Ours over the peer's: measured here, or else stored."""
        return self.ours / (self.theirs or STORED[self.peer])


def stepped(rules: Game, batch: int, steps: int) -> Work:
    """`steps` steps of `batch` matches side by side, begun anew whenever they are over."""
    streams = Streams.of(episode_seeds(0, batch), rules.spec.seats)
    draw = np.random.default_rng(0)

    def work() -> int:
        state = rules.initial(batch, streams.game(0))
        for step in range(1, steps + 1):
            outcome = rules.step(state, random_legal(rules.legal(state), draw), streams.game(step))
            rules.observe(outcome.state)
            state = rules.initial(batch, streams.game(step)) if outcome.terminated.all() else outcome.state
        return batch * steps

    return work


def random_legal(legal: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """A legal action for every seat, each equally likely."""
    if legal.all():
        return draw.integers(legal.shape[2], size=legal.shape[:2], dtype=np.int8)
    return np.argmax(draw.random(legal.shape, dtype=np.float32) * legal, axis=2)


def jaxmarl(batch: int, episodes: int) -> Work | None:
    """JaxMARL's coin game, `batch` environments in one compiled loop; None if it is not installed."""
    if importlib.util.find_spec("jaxmarl") is None:
        return None
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    from jaxmarl.environments.coin_game import CoinGame

    environment = CoinGame(num_inner_steps=EPISODE, num_outer_steps=1)
    actions = environment.num_actions

    def move(carried: Any, key: Any) -> Any:
        of_actions, of_steps = jax.random.split(key)
        chosen = jax.random.randint(of_actions, (2, batch), 0, actions)
        keys = jax.random.split(of_steps, batch)
        seen, state, rewards, *_ = jax.vmap(environment.step)(keys, carried[1], {"0": chosen[0], "1": chosen[1]})
        return (seen, state), rewards

    @jax.jit
    def play(key: Any) -> Any:
        first, rest = jax.random.split(key)
        begun = jax.vmap(environment.reset)(jax.random.split(first, batch))
        return jax.lax.scan(move, begun, jax.random.split(rest, EPISODE * episodes))

    def work() -> int:
        jax.block_until_ready(play(jax.random.PRNGKey(0)))
        return batch * EPISODE * episodes

    return work


def meltingpot(steps: int) -> Work | None:
    """Melting Pot's clean_up with its default seats; None if it is not installed."""
    if importlib.util.find_spec("meltingpot") is None:
        return None
    from meltingpot import substrate

    roles = substrate.get_config("clean_up").default_player_roles
    environment = substrate.build("clean_up", roles=roles)
    actions = environment.action_spec()[0].num_values
    draw = np.random.default_rng(0)
    environment.reset()

    def work() -> int:
        for _ in range(steps):
            if environment.step(draw.integers(actions, size=len(roles)).tolist()).last():
                environment.reset()
        return steps

    return work


def fastest(works: dict[str, Work], repeats: int) -> dict[str, float]:
    """Env-steps per CPU second of each, the best of `repeats` rounds in which all take turns."""
    best = dict.fromkeys(works, 0.0)
    for work in works.values():
        work()  # to compile, and to fill caches
    for _ in range(repeats):
        for name, work in works.items():
            started = time.process_time()
            made = work()
            best[name] = max(best[name], made / (time.process_time() - started))
    return best


def on_one_core() -> None:
    """Keep this process, and whatever threads its peers start, to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def measure(repeats: int) -> tuple[Rates, Rates]:
    """The rates of `coin_game` at 1 024 matches and of `cleanup` at 512."""
    works = {
        "coin_game": stepped(make_game("coin_game", steps=EPISODE), 1024, 10 * EPISODE),
        "jaxmarl": jaxmarl(1024, episodes=4),
        "cleanup": stepped(make_game("cleanup", seats=SEATS), 512, 100),
        "meltingpot": meltingpot(400),
    }
    rates = fastest({name: work for name, work in works.items() if work is not None}, repeats)
    return (
        Rates("coin_game", 1024, rates["coin_game"], "jaxmarl", rates.get("jaxmarl")),
        Rates("cleanup", 512, rates["cleanup"], "meltingpot", rates.get("meltingpot")),
    )


def main(
    repeats: Annotated[int, typer.Option(help="repeats, of which the fastest counts")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Measure and print."""
    on_one_core()
    with redirect_stdout(sys.stderr):  # the peers greet their users
        rates = measure(repeats)
    if as_json:
        document: dict[str, Any] = {}
        for rate in rates:
            document[f"{rate.game}_vs_{rate.peer}"] = rate.ratio
            document[f"{rate.game}_env_steps_per_cpu_second"] = rate.ours
            document[f"{rate.peer}_env_steps_per_cpu_second"] = rate.theirs
            document[f"{rate.game}_matches"] = rate.batch
        document["stored_references"] = STORED
        document["peers_measured"] = [rate.peer for rate in rates if rate.theirs is not None]
        print(json.dumps(document, indent=2))
        return
    print("random legal actions, observations included, env-steps per CPU second:")
    for rate in rates:
        beside = "measured here" if rate.theirs else f"stored figure: {rate.peer} is not installed"
        against = f"{rate.peer} {rate.theirs or STORED[rate.peer]:12,.0f} ({beside})"
        print(f"  {rate.game:<10} at {rate.batch:>5} matches {rate.ours:12,.0f}  {rate.ratio:7.1f} x {against}")


if __name__ == "__main__":
    typer.run(main)

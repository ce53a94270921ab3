"""How close a local language model comes to reading every token once, and what branching and memory cost.

    python experiments/bench/llm.py [--threads N] [--rounds R] [--json]

The workload: 8 agents with the same rules (300 tokens) and a history that grows by 23 tokens a round; in each round,
four questions to each. All times are CPU time of this process and ratios are of this one run. With one thread, waiting
for other threads is not counted as work.

    token_floor_ratio  CPU time of all rounds over (distinct tokens x the model's least cost of reading a token)
    vs_uncached        the same questions in batches without a cache, over that
    vs_generate        one call of transformers' `generate` a question, one token each, over that
    branch_overhead    model time of matches with every action branched, over that without, minus 1
    peak_rss_gib       peak memory of a process that holds 64 conversations of 1 000 tokens
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from prospect_agents.language import Query, load_model
from prospect_agents.language import predictor as language_predictor
from prospect_env import make_game, play

AGENTS, RULES, STEP, ROUNDS = 8, 300, 23, 20
QUESTIONS = (
    "\nWhat do I choose now? I choose",
    "\nAnd the other player, at the same moment, chooses",
    "\nIf I choose A, the other player will then choose",
    "\nIf I choose B, the other player will then choose",
)
LABELS = (" A", " B")
WORDS = ("the", "other", "player", "moves", "and", "then", "I", "answer", "while", "both", "of", "us", "see", "what")
#: batch shapes (texts, tokens each) among which reading a token is cheapest
SHAPES = ((16, 32), (32, 32), (8, 64), (4, 128), (1, 256))
#: tables of the branching measurement: seats by policy
TABLES = {
    "plan, against plan": ("lm:mode=plan", "lm:mode=plan"),
    "plan, against direct": ("lm:mode=plan", "lm:mode=direct"),
    "direct, against direct": ("lm:mode=direct", "lm:mode=direct"),
    "plan, against tit_for_tat": ("lm:mode=plan", "tit_for_tat"),
}
MODES = ("direct", "scot", "plan")


def drawn(tokens: int, seed: int) -> str:
    """Words that are one token each in the bundled model, different ones for different seeds."""
    return "".join(f" {word}" for word in random.Random(seed).choices(WORDS, k=tokens))


class Workload:
    """The texts, each segment of exactly as many tokens as it should have."""

    def __init__(self, model: Any, rounds: int) -> None:
        self.model, self.rounds = model, rounds
        self.rules = self.text(RULES, 0)
        self.history = [[self.text(STEP, 1 + agent * 97 + r) for r in range(rounds)] for agent in range(AGENTS)]

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self.model.encode(text))

    def text(self, tokens: int, seed: int) -> str:
        """Words of exactly so many tokens."""
        text = drawn(tokens, seed)
        assert self.count(text) == tokens, text
        return text

    def queries(self, r: int) -> list[Query]:
        """The questions of round `r`."""
        return [
            Query((self.rules, *self.history[agent][: r + 1]), question, LABELS)
            for agent in range(AGENTS)
            for question in QUESTIONS
        ]

    def distinct(self) -> int:
        """Tokens of all rounds, each counted once: questions may begin alike."""
        tails = {part for question in QUESTIONS for part in accumulate((t,) for t in self.model.encode(question))}
        return RULES + AGENTS * self.rounds * (STEP + len(tails))


def cpu(work: Callable[[], Any]) -> float:
    """CPU time of a call, seconds."""
    started = time.process_time()
    work()
    return time.process_time() - started


def reading(module: Any, texts: int, tokens: int) -> float:
    """CPU time a token of reading texts of so many tokens, seconds; nothing is cached or read out."""
    ids = torch.arange(texts * tokens).reshape(texts, tokens) * 31 % module.get_input_embeddings().num_embeddings
    with torch.inference_mode():
        return cpu(lambda: module.base_model(input_ids=ids, use_cache=False)) / ids.numel()


def by_turns(work: Workload, repeats: int) -> tuple[float, float]:
    """CPU time of all rounds from an empty cache, and the least CPU time of reading a token, seconds.

    Of each round and each batch shape the fastest of all repeats counts. They take turns, so that both meet the same
    machine.
    """
    rounds, costs = [float("inf")] * work.rounds, dict.fromkeys(SHAPES, float("inf"))
    for _ in range(repeats):
        work.model.forget()
        for r in range(work.rounds):
            queries, shape = work.queries(r), SHAPES[r % len(SHAPES)]
            rounds[r] = min(rounds[r], cpu(lambda queries=queries: work.model.score(queries)))  # type: ignore[misc]
            costs[shape] = min(costs[shape], reading(work.model.module, *shape))
    return sum(rounds), min(costs.values())


@torch.inference_mode()
def uncached(work: Workload, r: int, batch: int = AGENTS) -> float:
    """CPU time of the questions of round `r` in padded batches without a cache, seconds."""
    texts = [work.model.encode("".join((*query.context, query.tail))) for query in work.queries(r)]

    def score() -> None:
        for start in range(0, len(texts), batch):
            part = texts[start : start + batch]
            longest = max(map(len, part))
            ids = torch.tensor([[0] * (longest - len(text)) + list(text) for text in part])
            mask = torch.tensor([[0] * (longest - len(text)) + [1] * len(text) for text in part])
            logits = work.model.module(ids, attention_mask=mask, use_cache=False, logits_to_keep=1).logits
            logits.float().log_softmax(-1)

    return cpu(score)


def generated(work: Workload, r: int) -> float:
    """CPU time of one `generate` a question of round `r`, seconds, measured on the questions of one agent."""
    texts = [work.model.encode("".join((*query.context, query.tail))) for query in work.queries(r)[: len(QUESTIONS)]]

    def generate() -> None:
        for text in texts:
            ids = torch.tensor([text])
            work.model.module.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=1, do_sample=False, pad_token_id=0
            )

    return cpu(generate) * AGENTS


def over_rounds(cost: Callable[[int], float], rounds: int) -> float:
    """The sum of a cost over all rounds by Simpson's rule, which is exact for a cost that is cubic in the length."""
    first, middle, last = (cost(r) for r in (0, (rounds - 1) // 2, rounds - 1))
    return rounds * (first + 4 * middle + last) / 6


@contextmanager
def model_time(model: Any) -> Iterator[list[float]]:
    """CPU times of all calls of the model's `score`, as they are made, from an empty cache and memory of answers."""
    language_predictor._remembering.cache_clear()
    model.forget()
    score, times = model.score, []

    def timed(queries: Sequence[Query]) -> Any:
        started = time.process_time()
        answers = score(queries)
        times.append(time.process_time() - started)
        return answers

    model.score = timed
    try:
        yield times
    finally:
        del model.score


def match_time(model: Any, policies: Sequence[str], branch: str, episodes: int, rounds: int) -> list[float]:
    """CPU times of the model's calls in matches between these policies, seconds."""
    with model_time(model) as times:
        play(make_game("prisoners_dilemma", rounds=rounds), list(policies), episodes=episodes, branch=branch)  # type: ignore[arg-type]
    return times


def branched_time(model: Any, policies: Sequence[str], episodes: int, rounds: int, repeats: int) -> tuple[float, float]:
    """CPU time of the model in the same matches with nothing and with everything branched, seconds.

    Both play by turns, always with the same calls; of each call the fastest of all repeats counts.
    """
    calls: dict[str, list[list[float]]] = {"none": [], "all": []}
    for _ in range(repeats):
        for branch, times in calls.items():
            times.append(match_time(model, policies, branch, episodes, rounds))
    none, everything = (sum(map(min, zip(*times, strict=True))) for times in calls.values())
    return none, everything


def peak_rss() -> float:
    """Peak memory of this process, GiB. Of the process's own image where the system says so."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def hold(conversations: int = 64, tokens: int = 1000) -> None:
    """Hold conversations that share nothing, ask each a question twice, and print the peak memory.

    The second time only the question must be read again.
    """
    model: Any = load_model("smollm2-135m")
    texts = [drawn(tokens, seed) for seed in range(conversations)]
    for _ in range(2):
        for start in range(0, conversations, 8):
            answers = model.score([Query((text,), QUESTIONS[0], LABELS) for text in texts[start : start + 8]])
    question = len(model.encode(QUESTIONS[0]))
    print(
        json.dumps(
            {
                "peak_rss_gib": peak_rss(),
                "tokens_held": len(model.network.tree),
                "tokens_read_again": sum(each.tokens_in - each.tokens_cached - question for each in answers),
            }
        )
    )


def held() -> dict[str, float]:
    """What `hold` says in a process of its own."""
    done = subprocess.check_output([sys.executable, __file__, "--hold"])  # noqa: S603 - this very script
    return json.loads(done)


def main(
    threads: Annotated[int, typer.Option(help="threads of torch")] = 1,
    rounds: Annotated[int, typer.Option(help="rounds of the workload")] = ROUNDS,
    repeats: Annotated[int, typer.Option(help="repeats of which the fastest counts")] = 3,
    episodes: Annotated[int, typer.Option(help="matches of the branching measurement")] = 4,
    only_hold: Annotated[bool, typer.Option("--hold", hidden=True)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document and nothing else")] = False,
) -> None:
    """Measure and print."""
    torch.set_num_threads(threads)
    if only_hold:
        hold()
        return
    model: Any = load_model("smollm2-135m")
    work = Workload(model, rounds)
    cpu(lambda: model.score(work.queries(0)))
    cached, cost = by_turns(work, repeats)
    plain = over_rounds(lambda r: uncached(work, r), rounds)
    single = over_rounds(lambda r: generated(work, r), rounds)
    branching = {}
    for name, table in TABLES.items():
        none, everything = branched_time(model, table, episodes, rounds, repeats)
        branching[name] = {"seconds": none, "seconds_branched": everything, "overhead": everything / none - 1}
    decisions = episodes * rounds
    by_mode = {
        mode: sum(match_time(model, (f"lm:mode={mode}", "tit_for_tat"), "none", episodes, rounds)) / decisions
        for mode in MODES
    }
    memory = held()
    document = {
        "model": model.identity,
        "threads": threads,
        "rounds": rounds,
        "distinct_tokens": work.distinct(),
        "token_cost_ms": 1000 * cost,
        "cached_cpu_seconds": cached,
        "decisions_per_cpu_second": AGENTS * rounds / cached,
        "token_floor_ratio": cached / (work.distinct() * cost),
        "vs_uncached": plain / cached,
        "vs_generate": single / cached,
        "branch_overhead": branching["plan, against plan"]["overhead"],
        "branching": branching,
        "model_cpu_seconds_per_decision": by_mode,
        **memory,
    }
    if as_json:
        print(json.dumps(document, indent=2))
        return
    print(f"{document['model']}, {threads} thread(s); {work.distinct()} tokens, {1000 * cost:.3f} ms each at best")
    asked = {"token_floor_ratio": "at most 1.6", "vs_uncached": "at least 22", "vs_generate": "-",
             "branch_overhead": "at most 0.60", "peak_rss_gib": "under 3"}  # fmt: skip
    for name, wanted in asked.items():
        print(f"  {name:<20} {document[name]:7.2f}   asked: {wanted}")
    for name, found in branching.items():
        print(f"  branching, {name:<28} {found['overhead']:+.2f} of {found['seconds']:.1f} s")
    for mode, seconds in by_mode.items():
        print(f"  a decision of mode {mode:<8} {1000 * seconds:6.1f} ms of model time")


if __name__ == "__main__":
    typer.run(main)

"""What was paid for is kept, and budgets end a run so that it can go on."""

import multiprocessing
import sqlite3
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from prospect_agents.language import model as seam
from prospect_agents.language.model import Query, Request, Scored
from prospect_agents.language.servers.answers import Answers, usual_file
from prospect_env.arena.config import configure
from prospect_env.arena.run import run
from prospect_env.cli import app
from prospect_env.core.budget import Budget, within
from prospect_env.core.errors import BadParameter, BudgetSpent, ModelError

QUERIES = [Query((), f"A B A B A{'.' * n}", (" A", " B")) for n in range(6)]


def test_an_answer_is_asked_for_once(serve):
    served = serve("tops")
    first = served.model(cache=True, timeout=31).score(QUERIES)
    # Another object, probed anew, as another process would have it: its terms differ, what it answers does not.
    again = served.model(cache=True, timeout=32)
    before = served.asked
    kept = again.score(QUERIES)
    assert served.asked == before
    for one, other in zip(first, kept, strict=True):
        np.testing.assert_array_equal(one.logprobs, other.logprobs)
    assert {each.tokens_out for each in first} == {1}
    assert {each.tokens_out for each in kept} == {0}
    assert usual_file().is_file()


def test_equal_ways_share_answers_and_others_do_not(serve):
    served = serve("tops", number=1)
    served.model(cache=True, way="first").score(QUERIES)
    before = served.asked
    served.model(cache=True, way="first", timeout=33).score(QUERIES)
    assert served.asked == before
    served.model(cache=False, way="first", timeout=34).score(QUERIES)
    assert served.asked == before + len(QUERIES)
    written = Request((), "A B A", limit=2, temperature=1.0, seed=1)
    served.model(cache=True, way="first").write([written])
    served.model(cache=True, way="first", timeout=33).write([written])
    assert served.asked == before + len(QUERIES) + 1


def test_what_was_not_seen_is_kept_as_such(tmp_path):
    answers = Answers(tmp_path / "a.sqlite")
    answers.put("k", "m", Scored(np.array([-0.5, -np.inf]), 7, 2, 1, 0.4))
    found = answers.get("k")
    assert isinstance(found, Scored)
    assert found.logprobs.tolist() == [-0.5, -np.inf]
    assert (found.tokens_in, found.tokens_cached, found.tokens_out, found.latency) == (7, 7, 0, 0.0)
    assert answers.get("other") is None


def test_a_damaged_memory_is_named(serve, tmp_path):
    file = tmp_path / "bad.sqlite"
    file.write_bytes(b"not a database, and long enough to be looked at as if it were one" * 40)
    with pytest.raises(ModelError, match=r"bad.sqlite cannot be used .*remove it, or name another by cache="):
        serve("tops").model(cache=file, way="first")
    assert file.read_bytes().startswith(b"not a database")
    answers = Answers(tmp_path / "odd.sqlite")
    with sqlite3.connect(answers.file) as connection:
        connection.execute("INSERT INTO answers VALUES ('k', 'm', '{}')")
    connection.close()
    with pytest.raises(ModelError, match=r"answer k in .*odd.sqlite is damaged"):
        answers.get("k")


def _put(file, start):
    answers = Answers(file)
    for number in range(start, start + 40):
        answers.put(str(number), "m", Scored(np.array([-float(number)]), 1, 0, 1, 0.0))


def test_several_processes_write_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_put, args=(tmp_path / "a.sqlite", start)) for start in (0, 20, 40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    answers = Answers(tmp_path / "a.sqlite")
    assert [answers.get(str(number)).logprobs.item() for number in range(80)] == [-n for n in range(80)]


def test_a_budget_counts_tokens_and_money(serve):
    # Each question is said to read 1000 tokens, and one is written: 1000 / 1e6 * 2 + 1 / 1e6 * 500 = .0025.
    model = serve("hungry").model(way="first", parallel=1, price_in=2, price_out=500, budget_cost=0.006)
    with pytest.raises(BudgetSpent, match=r"the seat's budget at small is spent: 0.0075 of 0.006 \(money\)"):
        model.score(QUERIES)
    assert model.endpoint.spent.spent_tokens == 3 * 1001
    model = serve("hungry").model(way="first", parallel=1, budget_tokens=2002)
    with pytest.raises(BudgetSpent, match=r"2002 of 2002 \(tokens\)"):
        model.score(QUERIES)


@pytest.mark.parametrize("limit", [500, 1001, 4500, 20_000])
def test_many_questions_at_once_exceed_a_budget_by_less_than_one(serve, limit):
    model = serve("hungry").model(way="first", parallel=8, budget_tokens=limit, timeout=36)
    many = [Query((), f"A B A B A{'.' * n}", (" A", " B")) for n in range(30)]
    with pytest.raises(BudgetSpent, match=f"of {limit}"):
        model.score(many)
    # 1001 tokens a question: as many as fit, and the one that was begun when less than one was left.
    assert model.endpoint.spent.spent_tokens == -(-limit // 1001) * 1001


def test_a_budget_that_is_not_near_its_end_holds_nobody_up(serve):
    model = serve("hungry").model(way="first", parallel=8, budget_tokens=10**6, timeout=37)
    budget, together = model.endpoint.spent, []
    model.score(QUERIES[:1])  # what a question costs is known from here on

    def asked(_):
        with model.endpoint.question():
            together.append(len(budget._under_way))
            time.sleep(0.05)

    model.endpoint.each(asked, range(8))
    assert max(together) == 8


@pytest.mark.usefixtures("untyped")
def test_a_budget_needs_to_know_what_was_used(serve):
    with pytest.raises(ModelError, match="does not say how many tokens it used"):
        serve("no-usage").model(budget_tokens=10_000)
    free = serve("no-usage").model(way="first")
    assert free.score(QUERIES[:1])[0].tokens_in == 0
    with within(Budget("the run's budget", cost=1.0)), pytest.raises(ModelError, match="give price_in and price_out"):
        free.score(QUERIES[1:])


def entries(served, **more):
    policy = f"lm:model=({served.spec(way='first', parallel=1)}),mode=direct,forecast=false"
    match = {"game": "prisoners_dilemma", "parameters": {"rounds": 3}, "policies": [policy, "tit_for_tat"]}
    return {"name": "r", **match, "episodes": 4, "shard": 1, **more}


def fresh(monkeypatch):
    """As in another process: no model is loaded, nothing is remembered but what is on disk."""
    from prospect_agents.language import predictor

    monkeypatch.setattr(seam, "_loaded", {})
    predictor._remembering.cache_clear()


def test_a_run_whose_budget_is_spent_goes_on_and_pays_for_nothing_twice(serve, tmp_path, monkeypatch):
    served = serve("hungry")
    start = served.asked
    fresh(monkeypatch)
    whole = run(configure(entries(served, name="whole")), tmp_path / "whole")
    needed = served.asked - start
    assert needed > 4
    assert whole.manifest["spent"]["tokens"] == needed * 1001
    monkeypatch.setenv("PROSPECT_CACHE", str(tmp_path / "another"))

    fresh(monkeypatch)
    start = served.asked
    # It stops within the first match: nothing of it is in the run's folder, only among the answers on disk.
    with pytest.raises(BudgetSpent, match=r"the run's budget is spent: 2002 of 1500 .*--resume and a larger budget"):
        run(configure(entries(served, budget={"tokens": 1500})), tmp_path / "r")
    assert served.asked - start == 2
    fresh(monkeypatch)
    with pytest.raises(BudgetSpent):
        run(configure(entries(served, budget={"tokens": 1500})), tmp_path / "r", resume=True)
    assert served.asked - start == 2
    fresh(monkeypatch)
    done = run(configure(entries(served, budget={"tokens": 10**6})), tmp_path / "r", resume=True)
    assert served.asked - start == needed
    assert done.manifest["spent"]["tokens"] == needed * 1001
    assert done.manifest["fingerprint"] == whole.manifest["fingerprint"]
    assert any("text=first(top=" in model for model in done.manifest["models"])


def test_the_command_line_says_how_to_go_on(serve, tmp_path, monkeypatch):
    fresh(monkeypatch)
    asked = entries(serve("hungry"), name="cli")
    flags = ["run", "--game", "prisoners_dilemma:rounds=3", "--episodes", "2", "--name", "cli", "--out", str(tmp_path)]
    flags += [word for policy in asked["policies"] for word in ("--policy", policy)]
    result = CliRunner().invoke(app, [*flags, "--budget-tokens", "1500"])
    assert result.exit_code == 1
    assert "go on with --resume and a larger budget" in " ".join(result.stderr.split())
    fresh(monkeypatch)
    assert CliRunner().invoke(app, [*flags, "--resume", "--budget-tokens", "100000"]).exit_code == 0
    replayed = CliRunner().invoke(app, ["replay", str(tmp_path / "cli"), "--json"])
    assert replayed.exit_code == 0


def test_budgets_that_cannot_be():
    for wrong, message in (({"tokens": 0}, "budget.tokens is 0"), ({"tokns": 3}, "unknown configuration key 'tokns'")):
        with pytest.raises(BadParameter, match=message):
            configure({"name": "r", "game": "prisoners_dilemma", "policies": ["tit_for_tat"] * 2, "budget": wrong})

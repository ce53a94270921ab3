"""What was recorded of a server is there without it: replays, and runs that go on with nothing new to ask."""

import pytest
from typer.testing import CliRunner

from prospect_agents.language import model as seam
from prospect_agents.language import predictor
from prospect_agents.language.model import Query
from prospect_env.arena.config import configure
from prospect_env.arena.replay import verify
from prospect_env.arena.run import run
from prospect_env.arena.runs import read_run
from prospect_env.cli import app
from prospect_env.core.errors import ModelError

# Checking the type of a model asks for its identity, and so the server.
pytestmark = pytest.mark.usefixtures("untyped")


def entries(served, gate="", **more):
    # Nothing is kept but what the run itself records.
    spec = served.spec(cache=False, way="auto", samples=4, retries=0)
    policies = [f"lm:model=({spec}),mode=direct{gate}", "tit_for_tat"]
    game = {"game": "prisoners_dilemma", "parameters": {"rounds": 3}}
    return configure({"name": "r", **game, "policies": policies, "episodes": 2, "shard": 1, **more})


def fresh(monkeypatch):
    """As in another process."""
    monkeypatch.setattr(seam, "_loaded", {})
    predictor._remembering.cache_clear()


@pytest.mark.parametrize("gate", ["", ",gate=0"])
def test_a_run_replays_and_goes_on_without_the_server(mortal, tmp_path, monkeypatch, gate):
    served, die = mortal
    fresh(monkeypatch)
    whole = run(entries(served, gate), tmp_path / "r")
    assert "text=choice(form=response_format,samples=4,draws=temperature)" in whole.manifest["models"][0]
    die()

    fresh(monkeypatch)
    assert all(verify(read_run(tmp_path / "r"), number).same for number in range(2))
    fresh(monkeypatch)
    for flags in ([], ["--verify"]):
        assert CliRunner().invoke(app, ["replay", str(tmp_path / "r"), *flags]).exit_code == 0

    # Nothing is left to do, and then a shard that was damaged is played again from its calls.
    fresh(monkeypatch)
    assert (
        run(entries(served, gate), tmp_path / "r", resume=True).manifest["fingerprint"] == whole.manifest["fingerprint"]
    )
    fresh(monkeypatch)
    damaged = tmp_path / "r" / "steps.parquet" / "part-00001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:100])
    again = run(entries(served, gate), tmp_path / "r", resume=True)
    assert again.manifest["fingerprint"] == whole.manifest["fingerprint"]
    assert again.manifest["models"] == whole.manifest["models"]


def test_what_was_not_recorded_needs_the_server(mortal, tmp_path, monkeypatch):
    served, die = mortal
    fresh(monkeypatch)
    run(entries(served), tmp_path / "r")
    die()
    fresh(monkeypatch)
    (tmp_path / "r" / "calls.parquet" / "part-00001.parquet").unlink()
    with pytest.raises(ModelError, match="Connection error"):
        run(entries(served), tmp_path / "r", resume=True)
    fresh(monkeypatch)
    with pytest.raises(ModelError, match="Connection error"):
        run(entries(served), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_answers_of_another_way_are_not_mixed(serve):
    served = serve("tops", number=2)
    found = served.model(timeout=41).identity
    recorded = found.replace("text=first(top=12)", "text=echo")
    model = seam.load_model(served.spec(cache=False, timeout=42))
    model.recognise({found.replace("model=small", "model=other"), recorded})
    before = served.asked
    assert model.identity == recorded
    assert served.asked == before
    with pytest.raises(ModelError, match=r"recorded of .*text=echo.* now; what is missing would differ"):
        model.score([Query((), "A B A B A", (" A", " B"))])
    # From then on it goes by what it is.
    assert model.identity == found
    # What is known already is not called otherwise.
    model.recognise({recorded})
    assert model.identity == found

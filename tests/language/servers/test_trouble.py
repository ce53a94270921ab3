"""Servers that misbehave: each a clear error, or a request repeated and counted."""

import pytest

from prospect_agents.language.model import Query, load_model
from prospect_agents.language.servers.address import address
from prospect_env.core.errors import BadParameter, ModelError

# Checking the type of a model asks for its identity, and so the server.
pytestmark = pytest.mark.usefixtures("untyped")

QUERY = Query((), "A B A B A", (" A", " B"))


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("not-json", "answered with what is not JSON .*oops"),
        ("no-choices", "the reply has no 'choices'; it has 'model', 'object'"),
        ("wrong-types", "'index' of a choice is 'zero', of the wrong type"),
        ("other-model", "was asked for model 'small' and answered as 'large'.*alias=large"),
        ("broken", r"status 500: out of memory \(asked 3 times\)"),
        ("locked", "status 401: no such key"),
    ],
)
def test_a_server_that_misbehaves_is_refused_before_anything_is_asked(serve, mode, message):
    with pytest.raises(ModelError, match=message):
        serve(mode).model(retries=2)


def test_a_server_that_stalls_is_given_up(serve):
    served = serve("stalls")
    with pytest.raises(ModelError, match=r"timed out.*asked 2 times"):
        served.model(timeout=0.2, retries=1)
    assert served.asked == 2


def test_no_server_at_all():
    with pytest.raises(ModelError, match=r"127.0.0.1:9/v1/completions: Connection error.*asked 1 times"):
        load_model("server:url=http://127.0.0.1:9/v1,model=small,retries=0").score([QUERY])


def test_a_url_that_is_no_protocol_is_told_with_what_the_server_said(serve):
    url = serve("full").url.removesuffix("/v1")
    with pytest.raises(ModelError, match=r"has no model 'small'.*way=auto; it said last: .*status 404"):
        load_model(f"server:url={url}/elsewhere,model=small").score([QUERY])


def test_a_busy_server_is_asked_again(serve):
    served = serve("busy-once")
    model = served.model(parallel=1, backoff=100)  # what the server asks for, a hundredth of a second, wins
    before = model.endpoint.retried
    assert before > 0
    assert len(model.score([QUERY])) == 1
    assert model.endpoint.retried == before + 1


def test_another_name_is_accepted_when_it_is_said_to_be_the_same(serve):
    model = serve("other-model").model(alias="large", way="first")
    assert "model=small" in model.identity


def test_the_key_comes_from_the_environment_and_is_recorded_nowhere(serve, monkeypatch):
    monkeypatch.setenv("THEIR_KEY", "open sesame")
    model = serve("locked").model(key_env="THEIR_KEY", way="first")
    assert "sesame" not in model.identity + repr(model.endpoint.address)
    monkeypatch.delenv("THEIR_KEY")
    with pytest.raises(ModelError, match="401"):
        serve("locked").model(key_env="THEIR_KEY", way="parse")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("server:model=small", "needs the parameter 'url'"),
        ("server:url=here,model=small", "url is 'here'"),
        ("server:url=http://me:secret@127.0.0.1/v1,model=small", "url holds a user"),
        ("server:url=http://127.0.0.1/v1,model=small,way=guess", "way is 'guess'; it may be auto, echo"),
        ("server:url=http://127.0.0.1/v1,model=small,modle=x", "unknown parameter 'modle'; did you mean 'model'"),
        ("server:url=http://127.0.0.1/v1,model=small,samples=0", "samples is 0; it may be 1 or more"),
        ("server:url=http://127.0.0.1/v1,model=small,budget_cost=1", "budget_cost needs price_in"),
        ("server:url=http://127.0.0.1/v1,model=small,budget_tokens=0", "tokens is 0; it must be above 0"),
    ],
)
def test_addresses_that_cannot_be(spec, message):
    with pytest.raises(BadParameter, match=message) as raised:
        address(spec)
    assert "secret" not in str(raised.value)
    with pytest.raises(BadParameter, match="unknown parameter 'dtype'"):
        address("server:url=http://127.0.0.1/v1,model=small", dtype="float32")

"""Label probabilities through a real server process, each way against the same model asked directly."""

import numpy as np
import pytest

from prospect_agents.language.model import Query, Request, load_model
from prospect_env.core.errors import ModelError

ABOUT = Query(("A -> C\nB -> D\nA -> C\nB -> C\n",), "A ->", (" C", " D"))
TALK = Query((), "Say C or D: C C D C", ("C", "D"), chat=True)


def test_a_server_that_can_do_all_is_asked_in_the_best_way(serve, tiny):
    assert "text=echo,chat=first(top=5)" in serve("full", tiny).model().identity


def test_echo_gives_the_very_log_probabilities_of_the_model(serve, tiny):
    queries = [
        Query(("A C B D ",), "A ", ("C", "D")),
        Query(("AC,", "BD,"), "A", ("C", "DAC", "BA")),  # labels of several tokens
    ]
    served = serve("full", tiny).model(way="echo").score(queries)
    direct = load_model(str(tiny), dtype="float32", batch_invariant=True).score(queries)
    for ours, theirs in zip(served, direct, strict=True):
        np.testing.assert_allclose(ours.logprobs, theirs.logprobs, atol=1e-4)
    # "ACB" has three characters, and so has "DAC": labels' tokens are told apart from the prompt's.
    assert served[1].tokens_out == 6
    assert served[0].tokens_in == 10


def test_first_tokens_are_those_of_the_model_and_what_is_not_seen_stays_missing(serve, tiny):
    query = Query((), "A C B D A ", ("C", "D", "X"))
    found = serve("full", tiny).model(way="first").score([query])[0]
    direct = load_model(str(tiny), dtype="float32", batch_invariant=True).score([Query((), query.tail, ("C", "D"))])[0]
    np.testing.assert_allclose(found.logprobs[:2], direct.logprobs, atol=1e-4)
    # The server never shows "X".
    assert np.isneginf(found.logprobs[2])
    assert found.mass == pytest.approx(float(np.exp(direct.logprobs).sum()), abs=1e-4)
    assert found.mass < 1
    assert found.probs[2] == 0


def test_labels_none_of_which_was_seen_are_an_error(serve):
    with pytest.raises(ModelError, match=r"none of the labels \('X', 'Y'\) is among the \d+ likeliest"):
        serve("tops").model(way="first").score([Query((), "A", ("X", "Y"))])


def test_a_server_that_ignores_echo_is_not_believed(serve):
    model = serve("tops").model()
    assert "text=first(top=12)" in model.identity
    with pytest.raises(ModelError, match="shows no log-probabilities of prompts"):
        serve("tops").model(way="echo").score([ABOUT])


def test_choices_are_counted_under_a_schema(serve):
    model = serve("schemas").model(samples=64)
    assert "choice(form=response_format,samples=64,draws=temperature)" in model.identity
    found = model.score([TALK])[0]
    assert found.mass == pytest.approx(1)
    # counts of 64
    assert np.allclose(np.exp(found.logprobs) * 64 % 1, 0) or np.allclose(np.exp(found.logprobs) * 64 % 1, 1)
    direct = load_model("fake").score([TALK])[0].probs
    # four standard errors: 4 * .5 / 8
    assert abs(found.probs[0] - direct[0]) < 0.25


def test_free_replies_count_only_where_they_are_a_label_and_nothing_else(serve):
    model = serve("ignores").model(samples=10)
    assert "parse(samples=10" in model.identity
    found = model.score([TALK])[0]
    # Odd seeds say " c. ", even ones "I would not say D": five C, no D, five missing.
    np.testing.assert_allclose(np.exp(found.logprobs), [0.5, 0.0])
    assert found.mass == pytest.approx(0.5)


def test_a_server_that_always_says_the_same_has_no_probabilities(serve):
    model = serve("fixed").model()
    assert "draws=none" in model.identity
    with pytest.raises(ModelError, match="same reply whatever the seed"):
        model.score([TALK])
    assert model.write([Request((), "Hello there", limit=2)])[0].text


def test_answers_are_in_the_order_of_the_queries(serve, tiny):
    queries = [Query((), f"A {'B' * n} ", ("C", "D")) for n in range(20)]
    model = serve("full", tiny).model(way="echo", parallel=8)
    together = [list(each.logprobs) for each in model.score(queries)]
    assert together == [list(model.score([each])[0].logprobs) for each in queries]
    assert len({values[0] for values in together}) == 20


def test_an_endpoint_that_is_missing_is_named(serve):
    model = serve("chat-only").model()
    assert "text=none,chat=first" in model.identity
    with pytest.raises(ModelError, match="cannot be asked in style=completion; try style=chat"):
        model.score([ABOUT])
    assert len(model.score([TALK])[0].logprobs) == 2


def test_writing_is_what_the_model_writes(serve):
    request = Request(("one two three one two",), " three one", limit=4, stop=("three",))
    assert serve("full").model().write([request])[0].text == "two "
    schema = '{"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}'
    talk = Request((), "State n.", schema=schema, chat=True)
    assert serve("schemas").model().write([talk])[0].text == '{"n": 0.5}'
    with pytest.raises(ModelError, match="ignore every way of asking for a JSON schema"):
        serve("ignores").model().write([talk])

"""How labels are found among tokens and in replies."""

import numpy as np
import pytest

from prospect_agents.language.model import Query
from prospect_agents.language.servers.labels import first_token_logprobs, lettered, said, suffix_logprob
from prospect_env.core.errors import ModelError


def test_labels_that_begin_alike_are_asked_for_by_letters():
    asked = lettered(Query(("past",), "Next:", (" cooperate", " compete")))
    assert asked.labels == (" A", " B")
    assert asked.tail == "Next:\n(Answer with a letter: A = cooperate, B = compete)\nAnswer:"
    same = Query((), "Next:", (" C", " D"))
    assert lettered(same) is same
    with pytest.raises(ModelError, match="27 labels begin alike"):
        lettered(Query((), "n", tuple(f" 1{n}" for n in range(27))))


def test_first_tokens_count_for_the_one_label_they_begin():
    tops = {" coop": np.log(0.5), "coop": np.log(0.1), " ": np.log(0.2), "d": np.log(0.05), "x": np.log(0.02)}
    found = np.exp(first_token_logprobs([" cooperate", " defect", " wait"], list(tops.items())))
    # .5 + .1 for the first; the blank alone begins all three, and counts for none
    np.testing.assert_allclose(found, [0.6, 0.05, 0.0])


@pytest.mark.parametrize("token", ["A.", "A)", "A\n", "A ", '"A', "**A", "(A", "a", "AB", "Answer", "", " "])
def test_a_token_that_holds_more_than_a_label_is_none(token):
    tops = [(" A", np.log(0.4)), ("\u2581A", np.log(0.1)), ("\u0120B", np.log(0.2)), (token, np.log(0.3))]
    # Blanks before a label are left aside, however shown: .4 + .1. What else there is goes missing.
    np.testing.assert_allclose(np.exp(first_token_logprobs([" A", " B"], tops)), [0.5, 0.2])
    np.testing.assert_allclose(np.exp(first_token_logprobs(["A", "B"], tops)), [0.5, 0.2])


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([("<s>", None), ("A", -5.0), (" C", -0.5)], (-0.5, 1)),
        ([("A", None), (" ", -1.0), ("C", -0.5)], (-1.5, 2)),  # the blank is the label's
        ([("A", None), ("\u2581C", -0.5)], (-0.5, 1)),
        ([("A C", None)], None),  # begins inside a token
        ([("A", -1.0), (" D", -0.5)], None),
        ([(" C", None)], None),  # no log-probability
    ],
)
def test_the_end_of_a_prompt_is_its_label(tokens, expected):
    assert suffix_logprob(" C", tokens) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [("C", 0), (" c.\n", 0), ('"D"', 1), ("C or D", None), ("I pick C", None), ("", None), ("CC", None)],
)
def test_a_reply_is_a_label_or_it_is_none(reply, expected):
    assert said([" C", " D"], reply) == expected

"""The spaces: every sample is legal, and what is legal is in them."""

from __future__ import annotations

import pickle
from copy import deepcopy

import numpy as np
import pytest
from gymnasium.spaces import Box, flatdim, flatten, unflatten
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from hypothesis import given
from hypothesis import strategies as st

from prospect_env.core.make import make_game
from prospect_env.zoo.simplex import Simplex
from prospect_env.zoo.spaces import Choice, action_space, observation_space, text_space

SHAPE = (2, 3, 2, 4)


@given(st.integers(0, 2**32 - 1))
def test_every_sample_is_a_forecast(seed: int) -> None:
    space = Simplex(SHAPE, seed=seed)
    point = space.sample()
    assert point in space
    assert point.dtype == np.float32
    np.testing.assert_allclose(point.sum(axis=-1), 1.0, atol=1e-6)


def test_contains() -> None:
    space = Simplex(SHAPE)
    fair = np.full(SHAPE, 0.25)
    assert fair in space
    assert fair.astype(np.float32) in space
    assert fair * 1.0009 in space
    assert fair * 1.0011 not in space
    assert fair[0] not in space
    assert "fair" not in space
    assert None not in space
    negative = fair.copy()
    negative[0, 0, 0] = [-0.1, 0.6, 0.25, 0.25]
    assert negative not in space


def test_samples_are_even_over_the_simplex() -> None:
    points = Simplex((4000, 3), seed=1).sample()
    # Flat Dirichlet in three labels: each coordinate has mean 1/3 and variance 2/9/4 = 1/18.
    np.testing.assert_allclose(points.mean(axis=0), 1 / 3, atol=0.02)
    np.testing.assert_allclose(points.var(axis=0), 1 / 18, atol=0.005)


def test_seeded_copied_and_pickled(untyped: None) -> None:
    one, two = Simplex(SHAPE, seed=3), Simplex(SHAPE, seed=3)
    assert one == two
    assert one != Box(0.0, 1.0, SHAPE)
    assert one != Simplex((2, 2))
    np.testing.assert_array_equal(one.sample(), two.sample())
    for same in (deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301
        assert same == one
        np.testing.assert_array_equal(same.sample(), deepcopy(one).sample())
    with pytest.raises(ValueError, match="without mask"):
        one.sample(np.ones(3))  # type: ignore[arg-type]


def test_batched_it_stays_a_simplex() -> None:
    batched = batch_space(Simplex(SHAPE), 5)
    assert isinstance(batched, Simplex)
    points = batched.sample()
    assert points.shape == (5, *SHAPE)
    single = Simplex(SHAPE)
    assert all(point in single for point in iterate(batched, points))
    empty = create_empty_array(single, 5)
    np.testing.assert_array_equal(concatenate(single, list(points), empty), points)
    assert flatdim(single) == np.prod(SHAPE)
    np.testing.assert_array_equal(unflatten(single, flatten(single, points[0])), points[0])


def test_a_choice_takes_the_mask_of_its_action() -> None:
    spec = make_game("matrix_game").spec
    space = action_space(spec, "probabilities")
    assert isinstance(space, Choice)
    space.seed(1)
    mask = np.array([0, 0, 1], dtype=np.int8)
    assert {int(space.sample(mask)["action"]) for _ in range(10)} == {2}
    assert {int(space.sample()["action"]) for _ in range(50)} == {0, 1, 2}
    assert space.sample({"action": mask, "forecast": None})["action"] == 2
    assert space.sample() in space
    assert pickle.loads(pickle.dumps(space)) == space  # noqa: S301


def test_observations_are_in_their_space() -> None:
    spec = make_game("chicken").spec
    assert set(observation_space(spec, text=False)) == {"observation", "action_mask"}
    assert set(observation_space(spec, text=True)) == {"observation", "action_mask", "text"}
    assert text_space().contains("You may choose 0 (swerve) or 1 (straight).\n")

"""The largest of several numbers, and what is a tie."""

from __future__ import annotations

import numpy as np

from prospect_env.core.ties import SEVERAL, TIE, largest, sole


def test_numbers_that_hardly_differ_tie() -> None:
    # Half of TIE apart is equal, twice of it is not.
    values = np.array([[0.5, 0.5 - TIE / 2, 0.0], [0.5, 0.5 - 2 * TIE, 0.0], [0.2, 0.3, 0.5]])
    assert largest(values).tolist() == [[True, True, False], [True, False, False], [False, False, True]]
    assert sole(values).tolist() == [SEVERAL, 0, 2]


def test_any_number_of_axes() -> None:
    assert sole(np.array([0.1, 0.9])) == 1
    assert sole(np.full((2, 3, 4), 0.25)).tolist() == [[SEVERAL] * 3] * 2
    # What is ruled out by minus infinity is no tie with anything.
    assert sole(np.array([-np.inf, -3.0])) == 1

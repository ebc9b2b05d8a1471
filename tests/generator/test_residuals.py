"""Residuals, worked out by hand; `tests/js/residuals.test.js` restores the same numbers."""

from __future__ import annotations

import numpy as np

from generator.residuals import residuals

VALUES = [[[5, 7, 6], [9, 8, 1]], [[5, 8, 8], [12, 11, 4]]]
RESIDUALS = [[[5, 2, -1], [4, 0, -6]], [[0, 1, 1], [3, 1, 1]]]


def test_of_each_number_what_the_layer_before_and_the_cells_around_do_not_tell() -> None:
    assert residuals(np.array(VALUES)).tolist() == RESIDUALS


def test_a_field_that_changes_evenly_is_told_by_its_corner() -> None:
    field = np.arange(4)[:, None, None] * 3 + np.zeros((4, 5, 6), np.int64)
    found = residuals(field + 7)
    assert found[0, 0, 0] == 7 and found[1:, 0, 0].tolist() == [3, 3, 3]
    assert np.count_nonzero(found) == 4

"""What cannot be guessed of a number in a grid, from the layer before and the cells to the left and above.

What is measured in a cell changes little from layer to layer, and neighbouring cells change alike: of each
number its change since the layer before is taken, and of that change the mean change of the cells to the
left and above. `assets/js/residuals.js` adds them again.
"""

from __future__ import annotations

import numpy as np

from generator.columns import Ints


def residuals(values: Ints) -> Ints:
    """The same shape as `values` (layer, row, col): small numbers where these can be guessed well."""
    change = np.diff(values, axis=0, prepend=0)
    left, above = np.zeros_like(change), np.zeros_like(change)
    left[:, :, 1:], above[:, 1:] = change[:, :, :-1], change[:, :-1]
    left[:, 1:, 0] = above[:, 1:, 0]
    above[:, 0, :] = left[:, 0, :]
    return change - (left + above >> 1)

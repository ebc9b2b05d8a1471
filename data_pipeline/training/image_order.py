"""Which image comes when: a function of the seed and the place alone, so that a training resumes anywhere."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class ImageOrder:
    """Every image once in each round, in an order of the round's own."""

    def __init__(self, count: int, seed: int, together: Sequence[range] | None = None) -> None:
        """`together` are images that are cheap to read one after the other: they stay next to each other."""
        self.count, self.seed = count, seed
        self._together = together
        self._round: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))

    def index(self, place: int) -> int:
        """The image at a place, counted from 0 over all rounds."""
        number, offset = divmod(place, self.count)
        known = self._round  # one thread may be in the next round already
        if known[0] != number:
            self._round = known = number, self._shuffled(number)
        return int(known[1][offset])

    def instead(self, place: int, attempt: int) -> int:
        """Another image for a place whose own cannot be used."""
        return random.Random(f"{self.seed}/{place}/instead/{attempt}").randrange(self.count)  # noqa: S311

    def _shuffled(self, number: int) -> NDArray[np.int64]:
        draw = np.random.default_rng(key_number(f"{self.seed}/{number}/order"))
        if self._together is None:
            return draw.permutation(self.count)
        spans = [self._together[n] for n in draw.permutation(len(self._together))]
        return np.concatenate([draw.permutation(np.asarray(span, np.int64)) for span in spans])


def key_number(key: str) -> int:
    """63 bits that depend on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1

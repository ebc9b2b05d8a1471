"""Products of queries and codes that are nearly cosines, and how far they can be off.

int8 products are the quickest where a processor has instructions for them (some four times as fast as
float32), then bfloat16, which holds a code exactly; float32 goes everywhere.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from data_pipeline.text_index.codes import MOST, Coding, Encoded

Kind = Literal["int8", "bfloat16", "float32"]
KINDS: tuple[Kind, ...] = ("int8", "bfloat16", "float32")
_LARGE = 4.0
"""Times the median: larger columns would leave the others no digits in int8, so float32 multiplies them."""
_TINY = 1e-30
_TRIED_ROWS, _TRIED_QUERIES = 2048, 128


class Proposer:
    """Queries made ready to be multiplied with the codes of one text layer."""

    def __init__(self, queries: Tensor, coding: Coding, kind: Kind) -> None:
        """`queries` (n, d), of length 1, on one device with the layer's coding."""
        self.device, self._kind = queries.device, kind
        self._apart = queries[:, coding.places].T.contiguous()
        weighted = queries * coding.columns
        weighted[:, coding.places] = 0  # their codes are 0
        self._large = torch.empty(0, dtype=torch.long, device=self.device)
        if kind == "int8":
            self._large = (coding.columns > _LARGE * coding.columns.median()).nonzero()[:, 0]
            self._of_large = weighted[:, self._large].T.contiguous()
            weighted[:, self._large] = 0
            self._steps = weighted.abs().amax(dim=1).clamp_min(_TINY) / MOST
            rounded = (weighted / self._steps[:, None]).round_()
            self._factor = rounded.to(torch.int8).T.contiguous()
            rounded *= self._steps[:, None]
        else:
            self._factor = weighted.to(getattr(torch, kind)).T.contiguous()
            rounded = self._factor.T.float()
        # A float32 sum of d products is off by at most d roundings of its terms.
        summing = queries.shape[1] * 2.0**-22 * rounded.norm(dim=1)
        self.error = (1.01 * ((weighted - rounded).norm(dim=1) + summing)).cpu().numpy()
        """By how much a product can be off, for codes whose length times scale is 1; (n,)."""

    def products(self, encoded: Encoded) -> Tensor:
        """Nearly the cosines of `encoded` (m, d) to the queries; (m, n) float32."""
        if self._kind == "int8":
            found = torch._int_mm(encoded.codes, self._factor).float().mul_(self._steps)
        elif self._kind == "bfloat16":
            found = torch.mm(encoded.codes.bfloat16(), self._factor).float()
        else:
            found = torch.mm(encoded.codes.float(), self._factor)
        if len(self._large):
            found.addmm_(encoded.codes[:, self._large].float(), self._of_large)
        if len(self._apart):
            found.addmm_(encoded.apart, self._apart)
        return found.mul_(encoded.scales[:, None])


@lru_cache(maxsize=8)
def quickest(width: int, device: torch.device) -> Kind:
    """The kind of products that is quickest here at `width` columns, by trying."""
    if device.type != "cpu":
        return "bfloat16"
    ones = torch.ones(_TRIED_ROWS, width, dtype=torch.int8)
    rows = Encoded(ones, torch.empty(_TRIED_ROWS, 0), torch.ones(_TRIED_ROWS))
    coding = Coding(torch.ones(width), torch.empty(0, dtype=torch.long))
    return min(
        KINDS, key=lambda kind: _seconds(Proposer(torch.ones(_TRIED_QUERIES, width), coding, kind), rows)
    )


def bytes_of_trial(width: int) -> int:
    """What `quickest` takes: rows as codes and in float32, and queries in the forms that they go through."""
    return width * (5 * _TRIED_ROWS + 20 * _TRIED_QUERIES)


def _seconds(proposer: Proposer, rows: Encoded) -> float:
    def once() -> float:
        start = time.perf_counter()
        proposer.products(rows)
        return time.perf_counter() - start

    return min(once() for _ in range(5))

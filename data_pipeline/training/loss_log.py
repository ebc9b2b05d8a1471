"""The losses of a training, step by step, in a Parquet file beside its checkpoints."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.store import readable, write_atomically

LOSSES = "losses.parquet"
_SCHEMA = pa.schema(
    [
        pa.field("step", pa.int64(), False),
        pa.field("loss", pa.float64(), False),
        pa.field("learning_rate", pa.float64(), False),
        pa.field("images", pa.int64(), False),
        pa.field("seconds", pa.float64(), False),
    ],
    {
        "step": "counted from 1",
        "loss": "nats per token learned, mean over the step's images, before its update",
        "learning_rate": "of the connector",
        "images": "seen so far",
        "seconds": "of training so far, pauses left out",
    },
)
_SECONDS_BETWEEN = 30.0


def logged_losses(path: Path) -> pa.Table:
    """The file of a training's losses, a row for each step; `InputError` where it is something else."""
    with readable(path):
        return pq.read_table(path, schema=_SCHEMA)


@dataclass
class LossLog:
    """Rows in memory, written now and then and at every checkpoint."""

    path: Path
    rows: list[dict[str, float | int]] = field(default_factory=list)
    _written: float = field(default_factory=time.monotonic)

    @classmethod
    def upto(cls, folder: Path, step: int) -> LossLog:
        """The log of `folder` as it was after `step`; later rows belong to steps that are computed again."""
        path = folder / LOSSES
        if step == 0:
            return cls(path)
        rows = logged_losses(path).to_pylist()
        return cls(path, [row for row in rows if row["step"] <= step])

    @property
    def seconds(self) -> float:
        """Of training so far."""
        return float(self.rows[-1]["seconds"]) if self.rows else 0.0

    def add(self, step: int, loss: float, learning_rate: float, images: int, seconds: float) -> None:
        """One step, counted from 1; the file follows within half a minute."""
        row = {"step": step, "loss": loss, "learning_rate": learning_rate}
        self.rows.append({**row, "images": images, "seconds": seconds})
        if time.monotonic() - self._written > _SECONDS_BETWEEN:
            self.write()

    def write(self) -> None:
        """All rows, atomically."""
        buffer = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(self.rows, _SCHEMA), buffer, compression="zstd")
        write_atomically(self.path, buffer.getvalue().to_pybytes())
        self._written = time.monotonic()

"""A study whose connectors are trained from pictures in a folder, with tiny random models beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from tests.data_pipeline.tiny_models import save_encoder, save_llm

SHARED = """
steps = 8
batch_size = 4
learning_rate = 0.01
warmup_steps = 2
vision_blocks = ["N", "N-1"]
suffix = ":"
checkpoint_every = 3
images = { source = "folder", folder = "pictures" }
"""
_STUDY = """
id = "tiny-training"
title = "Tiny training"
seed = 5
vision_layers = [0, "N"]
lenses = ["embedding", "logit"]
images = {{ source = "folder", folder = "pictures" }}
judge = {{ kind = "none" }}

[training]
{shared}

[[llm]]
id = "llama"
title = "Tiny Llama"
path = "llms/llama"

[[llm]]
id = "llama-trained"
title = "Tiny Llama, trained along"
path = "llms/trained"

[[vision_encoder]]
id = "clip"
title = "Tiny CLIP"
path = "encoders/clip"
canvas = "pad"

[[model]]
id = "plain"
title = "Llama + CLIP"
llm = "llama"
vision_encoder = "clip"
connector = "connectors/plain"

[[model]]
id = "changed"
title = "otherwise trained"
llm = "{llm}"
vision_encoder = "clip"
connector = "connectors/changed"
training = {{ {changes} }}

[[model]]
id = "shelf"
title = "Off the shelf"
group = "off_the_shelf"
vlm = "vlms/none"
"""
_COLOURS = {"red": (200, 30, 30), "blue": (30, 30, 200), "green": (30, 160, 30), "yellow": (220, 220, 40)}


def write_tiny_training(folder: Path, shared: str = SHARED, changes: str = "", llm: str = "llama") -> Path:
    """The study's file; `changes` are the training keys of its model `changed`."""
    save_llm(folder / "llms/llama")
    save_encoder(folder / "encoders/clip")
    write_pictures(folder / "pictures")
    file = folder / "study.toml"
    file.write_text(_STUDY.format(shared=shared, changes=changes, llm=llm))
    return file


def write_pictures(folder: Path) -> None:
    """Ten pictures of one colour each, wider than high, whose captions name it."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    lines = ["file,caption"]
    for number in range(10):
        name, colour = list(_COLOURS.items())[number % len(_COLOURS)]
        noise = draw.integers(-20, 20, (40, 60, 3))
        Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8)).save(folder / f"{number}.png")
        lines.append(f"{number}.png,a {name} bird flies in the {name} sky. It is {name}.")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n")


class Recorder:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def stage(self, title: str, total: int | None = None) -> Recorder:
        return self

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def advance(self, count: int = 1, note: str = "") -> None:
        self.notes.append(note)


def losses(folder: Path) -> list[dict[str, Any]]:
    """The log of a training, but for the clock."""
    rows = pq.read_table(folder / "losses.parquet").to_pylist()
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]

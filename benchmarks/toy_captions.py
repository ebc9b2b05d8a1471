"""Caption losses of the toy models on scenes that no choice was made on, as a markdown table.

    python benchmarks/toy_captions.py [--scenes 100] [--weights FOLDER] [--split report]

Where the loss with another scene's image is not far above that without any, a model has learnt nothing local.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from data_pipeline.encoders import VisionEncoder
from data_pipeline.toy.connector_models import AnswerLosses, answer_losses, connector_models
from data_pipeline.toy.off_the_shelf import llava_losses
from data_pipeline.toy.pictures import canvases
from data_pipeline.toy.train import SCENE_SEED, WEIGHTS


def all_losses(weights: Path, split: str, scenes: int) -> Iterator[tuple[str, AnswerLosses]]:
    """The losses of every model that has weights."""
    pixels = canvases(SCENE_SEED, split, scenes)
    for model in connector_models():
        if (weights / "connectors" / model.model_id).exists():
            yield model.model_id, answer_losses(model, weights, pixels, SCENE_SEED, split)
    if (weights / "vlms/llava").exists():
        encoder = VisionEncoder.from_pretrained(weights / "encoders/clip")
        yield "llava-toy", llava_losses(weights / "vlms/llava", encoder, pixels, SCENE_SEED, split)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--split", default="report", choices=("tune", "report"))
    options = parser.parse_args()
    print("| model | with the image | another scene's image | no image | scenes |")
    print("|---|---:|---:|---:|---:|")
    for name, losses in all_losses(options.weights, options.split, options.scenes):
        print(
            f"| {name} | {losses.image:.3f} | {losses.shuffled:.3f} | {losses.none:.3f} | {losses.scenes} |"
        )


if __name__ == "__main__":
    main()

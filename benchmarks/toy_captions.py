"""Caption losses of the toy models on scenes that no choice was made on, as a markdown table.

    python benchmarks/toy_captions.py [--scenes 100] [--weights FOLDER] [--split report]

Where the loss with another scene's image is not far above that without any, a model has learnt nothing local.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Iterator
from pathlib import Path

from data_pipeline.encoders import VisionEncoder
from data_pipeline.image_sources import ToyScenes
from data_pipeline.toy.answer_losses import AnswerLosses, answer_losses
from data_pipeline.toy.off_the_shelf import llava_losses
from data_pipeline.toy.shipped_study import composed_models, toy_study
from data_pipeline.toy.train import SCENE_SEED, WEIGHTS


def all_losses(
    weights: Path, split: str, scenes: int, wanted: Container[str] | None = None
) -> Iterator[tuple[str, AnswerLosses]]:
    """The losses of every model that has weights, or of those that are `wanted`."""
    study, source = toy_study(weights), ToyScenes(split, SCENE_SEED)
    images = [source[index] for index in range(scenes)]
    for model in composed_models(study):
        if wanted is not None and model.id not in wanted:
            continue
        if Path(str(model.connector), "config.json").is_file():
            yield model.id, answer_losses(study, model.id, images)
    if (weights / "vlms/llava").exists() and (wanted is None or "llava-toy" in wanted):
        encoder = VisionEncoder.from_pretrained(weights / "encoders/clip")
        yield "llava-toy", llava_losses(weights / "vlms/llava", encoder, images)


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

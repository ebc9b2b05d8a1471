"""`vlens.look`: pictures in, the page of a model out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data_pipeline.look.looking import Look
    from data_pipeline.progress import Progress
    from data_pipeline.study import LayerChoice


@dataclass(frozen=True)
class Looked:
    """What a look left: the model's page, and the Parquet behind it."""

    page: Path
    results: Path


def look(
    images: str | Path | Sequence[str | Path] = (),
    model: str | None = None,
    *,
    study: str | Path | None = None,
    scenes: int | None = None,
    layers: LayerChoice = "all",
    top_k: int = 5,
    prompt: str | None = None,
    grid: tuple[int, int] | None = None,
    dtype: str = "float32",
    corpus: str | None = None,
    sentences: int | None = None,
    index: str | Path | None = None,
    results: str | Path | None = None,
    output: str | Path | None = None,
    progress: Progress | None = None,
) -> Looked:
    """Run pictures through one model and build its page; what was computed is not computed again.

    Args:
        images: pictures and folders of pictures; none for drawn scenes.
        model: a toy model's id, a folder that `save_pretrained` wrote, a name on the Hub, or, with `study`,
            the id of one of its models.
        study: a study file, or a shipped study's name.
        scenes: how many drawn scenes to look at instead of pictures.
        layers: "all", or vision layers as a study file lists them: numbers from 0, "N", "N-1".
        top_k: neighbours per cell.
        prompt: of a whole model: a question, or the whole prompt with the image's placeholder.
        grid: rows and columns of the image tokens, for classes that V-Lens does not know.
        dtype: "float32" or "bfloat16".
        corpus: what LN-Lens searches: "everyday", "toy", or a .txt file with one sentence a line.
        sentences: at most so many sentences of it.
        index: a text index that exists, or results that have one.
        results: where the tables go; the user's cache where None.
        output: where the page goes; a folder in `looks` of this very look's own where None.
        progress: who is told how far it is.

    Raises:
        InputError: what is given is not what it must be; the message names it.
    """
    from data_pipeline.look.looking import Reading, prepare
    from data_pipeline.look.texts import TextChoice

    prepared = prepare(
        paths_of([images] if isinstance(images, str | Path) else images),
        model,
        study=study,
        scenes=scenes,
        text=TextChoice(corpus, sentences, Path(index) if index else None),
        reading=Reading(layers, top_k, prompt, grid, dtype),
    )
    return take_and_build(
        prepared, Path(results) if results else None, Path(output) if output else None, progress
    )


def paths_of(images: Sequence[str | Path]) -> list[Path]:
    """Paths of names; an empty one, such as a shell's unset variable, would mean the current folder."""
    from data_pipeline.errors import InputError

    if "" in images:
        raise InputError("an image's name is empty, expected a picture or a folder")
    return [Path(image) for image in images]


def take_and_build(
    prepared: Look,
    results: Path | None,
    output: Path | None,
    progress: Progress | None = None,
    command: str = "",
) -> Looked:
    """Compute what is missing of a look and build its site; see `look`."""
    from data_pipeline.folders import check_output_folder
    from data_pipeline.look.looking import take
    from generator.build import build_site, earlier_files
    from generator.study_context import model_href

    results = results or prepared.default_results
    output = output or prepared.default_output
    check_output_folder(results, "results")
    earlier_files(output, results)  # refuses a folder of somebody's before minutes are spent
    take(prepared, results, progress, command)
    build_site(results, output, progress, with_data=False)
    return Looked(output / model_href(prepared.model_id), results)

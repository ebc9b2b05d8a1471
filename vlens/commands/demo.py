"""`vlens demo`: a study in, a site out; what `generate_demo.sh` runs."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from data_pipeline.errors import InputError
from data_pipeline.folders import check_output_folder
from data_pipeline.progress import Progress
from vlens.commands.options import (
    COUNT,
    FOLDER,
    images_in_page_option,
    no_ablations_option,
    output_dir_option,
    run_command_line,
    study_option,
)

_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@click.command()
@click.option("--num-images", type=COUNT, help="Images to look at.  [default: 10]")
@output_dir_option
@no_ablations_option
@images_in_page_option
@study_option
@click.option("--results", type=FOLDER, help="Compute nothing: build the site from these results.")
@click.option(
    "--cache",
    type=FOLDER,
    default=Path("results"),
    show_default=True,
    help="Where computed results are kept.",
)
def command(
    num_images: int | None,
    output_dir: Path,
    no_ablations: bool,
    images_in_page: int | None,
    study: str,
    results: Path | None,
    cache: Path,
) -> None:
    """Compute a study (what is not computed yet) and build its site."""
    from generator.build import earlier_files
    from vlens.commands.site import build_and_report
    from vlens.progress import TerminalProgress

    if results is not None and click.get_current_context().get_parameter_source("study") in _GIVEN:
        raise InputError(
            "--study and --results exclude each other: results are of the study they were made from"
        )
    if results is None:
        check_output_folder(cache / "results", "computed results")
    earlier_files(output_dir, results or cache)  # refuses a folder of somebody's before minutes are spent
    with TerminalProgress() as progress:
        if results is None:
            results = _compute(study, num_images or 10, no_ablations, cache, progress)
        else:
            _check_image_count(results, num_images)
        build_and_report(
            results, output_dir, progress, ablations=not no_ablations, images_in_page=images_in_page
        )


def _compute(study: str, num_images: int, no_ablations: bool, cache: Path, progress: Progress) -> Path:
    from data_pipeline.run import run_study
    from data_pipeline.study import load_study

    loaded = load_study(study)
    # A folder for each choice: a run drops what is not part of its own choice, which may have taken hours.
    folder = cache / f"{loaded.id}-{num_images}{'-no-ablations' if no_ablations else ''}"
    run_study(
        loaded,
        folder,
        num_images=num_images,
        ablations=not no_ablations,
        progress=progress,
        command=run_command_line(study, num_images, no_ablations),
    )
    return folder


def _check_image_count(results: Path, num_images: int | None) -> None:
    """Existing results show all their images; a count that asks for something else is a mistake."""
    from data_pipeline.store import read_manifest

    images = {image for entry in read_manifest(results).expected for image in entry.images}
    if num_images not in (None, len(images)):
        raise InputError(
            f"{results}: holds {len(images)} images, but --num-images asks for {num_images}; "
            "leave --num-images out to build from existing results"
        )

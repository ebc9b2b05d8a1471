"""`vlens build`: results in, a site out."""

from __future__ import annotations

from pathlib import Path

import click

from vlens.commands.options import FOLDER, images_in_page_option, output_dir_option


@click.command()
@click.argument("results", type=FOLDER)
@output_dir_option
@images_in_page_option
def command(results: Path, output_dir: Path, images_in_page: int | None) -> None:
    """Build the site of RESULTS: one page per model and an index."""
    from vlens.commands.site import build_and_report
    from vlens.progress import TerminalProgress

    with TerminalProgress() as progress:
        build_and_report(results, output_dir, progress, images_in_page=images_in_page)

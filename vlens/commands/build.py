"""`vlens build`: results in, a site out."""

from __future__ import annotations

from pathlib import Path

import click

from vlens.commands.options import FOLDER, images_in_page_option, output_dir_option


@click.command()
@click.argument("results", type=FOLDER)
@output_dir_option
@images_in_page_option
@click.option("--no-data", is_flag=True, help="Leave out the Parquet beside the pages; no page needs it.")
def command(results: Path, output_dir: Path, images_in_page: int | None, no_data: bool) -> None:
    """Build the site of RESULTS: one page per model and an index."""
    from vlens.commands.site import build_and_report
    from vlens.progress import TerminalProgress

    with TerminalProgress() as progress:
        build_and_report(results, output_dir, progress, images_in_page=images_in_page, with_data=not no_data)

"""Options that several subcommands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import click

FOLDER = click.Path(path_type=Path)


class Count(click.IntRange):
    """A whole number from `least` on, by a name that reads well in "'many' is not a valid integer"."""

    name = "integer"

    def __init__(self, least: int = 1) -> None:
        super().__init__(min=least)


COUNT = Count()


class Bytes(click.ParamType[int]):
    """An amount of memory such as 2GB, 512MB or 1GiB."""

    name = "size"
    _UNITS: ClassVar[dict[str, int]] = {
        "": 1,
        **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
        **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
    }

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(value).strip().lower())
        if found is None or found[2] not in self._UNITS:
            self.fail(f"{value!r} is no amount of memory, expected one such as 2GB or 512MB", param, ctx)
        return int(float(found[1]) * self._UNITS[found[2]])


BYTES = Bytes()

study_option = click.option(
    "--study", default="toy", show_default=True, help="A shipped study's name or a study file."
)
no_ablations_option = click.option("--no-ablations", is_flag=True, help="Leave the ablations out.")
images_in_page_option = click.option(
    "--images-in-page",
    type=Count(0),
    help="A model's page of more images gets a data file for each of them beside it.  [default: 50]",
)
output_dir_option = click.option(
    "--output-dir",
    "--output",
    "output_dir",
    type=FOLDER,
    default=Path("site"),
    show_default=True,
    help="Where the site goes.",
)


def run_command_line(study: str, num_images: int | None, no_ablations: bool) -> str:
    """The command that makes these results again: for provenance, hence without this machine's paths."""
    words = ["vlens run", Path(study).name]
    if num_images is not None:
        words.append(f"--num-images {num_images}")
    if no_ablations:
        words.append("--no-ablations")
    return " ".join(words)

"""Options that the subcommands of `vlens index` share."""

from __future__ import annotations

import click

model_option = click.option(
    "--model", required=True, help="A language model, or a whole model with one: a folder or a Hub name."
)
dtype_option = click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Of the weights.",
)
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where the model reads: on a CUDA device if there is one, unless said.",
)

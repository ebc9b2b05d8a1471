"""`vlens look`: one image, one command, one page."""

from __future__ import annotations

import os
import shlex
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from data_pipeline.errors import InputError, printable
from vlens.commands.options import COUNT, FOLDER

if TYPE_CHECKING:
    from data_pipeline.study import LayerChoice

_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)
_LEFT_OUT = ("output", "results", "no_open")


@click.command()
@click.argument("images", nargs=-1)
@click.option(
    "--model", help="A toy model's id, a folder, a name on the Hugging Face Hub, or with --study an id."
)
@click.option("--study", help="Take the model from this study: a shipped one's name or a study file.")
@click.option("--scenes", type=COUNT, help="Look at so many drawn scenes instead of pictures.")
@click.option(
    "--layers", default="all", show_default=True, help="Vision layers, such as 0,2,8,N-1,N; N is the last."
)
@click.option(
    "--top-k", type=click.IntRange(1, 100), default=5, show_default=True, help="Words per patch and lens."
)
@click.option(
    "--prompt", help="A question, or the whole prompt with the image's placeholder.  [default: the model's]"
)
@click.option("--grid", help="ROWSxCOLS of the image's tokens, for classes that V-Lens does not know.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Of the weights.",
)
@click.option(
    "--corpus", help="What LN-Lens searches: everyday, toy, or a .txt file with one sentence a line."
)
@click.option("--sentences", type=COUNT, help="At most so many sentences of the corpus.")
@click.option(
    "--index", type=FOLDER, help="A text index that exists, or results of this model that have one."
)
@click.option(
    "--output-dir",
    "--output",
    "output",
    type=FOLDER,
    help="Where the page goes.  [default: looks/IMAGE--MODEL-HASH]",
)
@click.option("--results", type=FOLDER, help="Where the tables go.  [default: the user's cache]")
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
def command(
    images: tuple[str, ...],
    model: str | None,
    study: str | None,
    scenes: int | None,
    layers: str,
    top_k: int,
    prompt: str | None,
    grid: str | None,
    dtype: str,
    corpus: str | None,
    sentences: int | None,
    index: Path | None,
    output: Path | None,
    results: Path | None,
    no_open: bool,
) -> None:
    """Run IMAGES, pictures or folders of pictures, through one model and open its page.

    Without IMAGES a toy model is shown a drawn scene. The lenses are those that are possible: LN-Lens needs a
    text index, which toy models get by themselves and others with --corpus or --index. What was computed or
    built is kept, so that the same look again is quick.
    """
    from data_pipeline.look.looking import Reading, prepare
    from data_pipeline.look.texts import TextChoice
    from vlens.one_look import paths_of, take_and_build
    from vlens.progress import TerminalProgress

    look = prepare(
        paths_of(images),
        model,
        study=study,
        scenes=scenes,
        text=TextChoice(corpus, sentences, index),
        reading=Reading(_layers(layers), top_k, prompt, _grid(grid), dtype),
    )
    with TerminalProgress() as progress:
        looked = take_and_build(look, results, output, progress, _command_line())
    click.echo(f"Results: {looked.results}")
    click.echo(f"Open {looked.page.resolve().as_uri()}")
    if not no_open and has_screen():
        webbrowser.open(looked.page.resolve().as_uri())


def has_screen() -> bool:
    """Whether a browser that is opened here would be seen: no remote shell, and a display."""
    if any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "CI")):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _layers(text: str) -> LayerChoice:
    words = [word.strip() for word in text.split(",")]
    if words == ["all"]:
        return "all"
    return tuple(int(word) if word.isascii() and word.isdigit() else word for word in words)


def _grid(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    sides = text.lower().split("x")
    if len(sides) != 2 or not all(side.isascii() and side.isdigit() and int(side) for side in sides):
        raise InputError(f"--grid {text!r}: expected rows and columns, such as 16x24")
    return int(sides[0]), int(sides[1])


def _command_line() -> str:
    """What was typed, for provenance: without paths, and without what leaves the numbers as they are."""
    context = click.get_current_context()
    words = ["vlens look", *(shlex.quote(printable(Path(image).name)) for image in context.params["images"])]
    for option in context.command.params:
        value = context.params[option.name or ""]
        given = context.get_parameter_source(option.name or "") in _GIVEN
        if isinstance(option, click.Option) and given and option.name not in _LEFT_OUT:
            place = isinstance(value, str | Path) and Path(value).exists()
            words += [option.opts[0], shlex.quote(printable(Path(value).name if place else str(value)))]
    return " ".join(words)

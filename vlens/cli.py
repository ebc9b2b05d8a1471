"""The `vlens` command: what its subcommands share, which is how they are found and how they fail.

A subcommand's module is imported when it is named (or when help lists it), and imports the halves inside its
function. So `vlens --help` is quick, and the commands of the page half work where torch is not installed.

What a user can cause becomes one line on stderr and exit code 2, here and nowhere else; anything else that
goes wrong is a defect and keeps its traceback.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from data_pipeline.errors import InputError

USER_ERROR = 2
INTERRUPTED = 130
_LONGEST_PLACE = 160

_PIPELINE_PACKAGES = {"torch", "transformers", "safetensors", "tokenizers", "huggingface_hub", "accelerate"}
_FAULTS_OF_THE_MACHINE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
_FAULTS_OF_A_PATH = {
    errno.EEXIST,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
}


class LazyGroup(click.Group):
    """A group whose subcommands are modules with a `command`, imported on use and listed in order."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **options: Any) -> None:
        """`modules` maps a subcommand's name to the module that holds it."""
        super().__init__(*args, **options)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands, in the order in which they are declared."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import and return subcommand `name`; None if there is none."""
        if name not in self.modules:
            return None
        command: click.Command = import_module(self.modules[name]).command
        return command


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from vlens import __version__

        click.echo(f"vlens {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    modules={
        "demo": "vlens.commands.demo",
        "look": "vlens.commands.look",
        "run": "vlens.commands.run",
        "train": "vlens.commands.train",
        "check": "vlens.commands.check",
        "build": "vlens.commands.build",
        "import": "vlens.commands.importing",
        "judge": "vlens.commands.judge",
        "toy": "vlens.commands.toy",
        "index": "vlens.commands.index",
        "schema": "vlens.commands.schema",
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
def vlens() -> None:
    """Read what the vision tokens inside a vision-language model mean, patch by patch, layer by layer."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (None: this process's own) and return its exit code."""
    try:
        return vlens.main(arguments, prog_name="vlens", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        help_wanted.show()
        return USER_ERROR
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "vlens"
        return _fail(f"{error.format_message()} ('{command} --help' explains)")
    except click.ClickException as error:
        return _fail(error.format_message())
    except InputError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        if error.name not in _PIPELINE_PACKAGES:
            raise
        return _fail(
            f"this command computes, and needs {error.name}: pip install 'vlens[pipeline]' "
            "(with -c constraints.txt from the checkout for the tested versions)"
        )
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _FAULTS_OF_THE_MACHINE | _FAULTS_OF_A_PATH:
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "; make room and run the same command again, what is finished is kept" if full else ""
        return _fail(f"{_place(error)}: {error.strerror}{hint}")
    except (click.Abort, KeyboardInterrupt):
        _fail("stopped; the same command goes on from here")
        return INTERRUPTED


def _place(error: OSError) -> str:
    """The file that an error is about, as the user knows it: never the temporary one beside it."""
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "a file"
    place = place.removesuffix(".partial")
    return place if len(place) <= _LONGEST_PLACE else f"{place[:_LONGEST_PLACE]}…"


def _fail(message: str) -> int:
    click.echo("vlens: " + " ".join(message.split()), err=True)
    return USER_ERROR

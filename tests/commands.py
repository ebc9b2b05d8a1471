"""The commands of `vlens`, as the tests of help and documentation walk them."""

from __future__ import annotations

import click

from vlens.cli import vlens


def all_commands() -> dict[tuple[str, ...], click.Command]:
    """Every command and group below `vlens`, by its words."""
    return _below(vlens, ())


def _below(group: click.Group, words: tuple[str, ...]) -> dict[tuple[str, ...], click.Command]:
    found: dict[tuple[str, ...], click.Command] = {}
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found[(*words, name)] = command
            if isinstance(command, click.Group):
                found |= _below(command, (*words, name))
    return found

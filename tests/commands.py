"""Commands of `vlens` in tests: walked, run with input that must fail, and run without computing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import click
import pytest

from vlens.cli import USER_ERROR, main, vlens


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


def everything(folder: Path) -> dict[str, bytes]:
    """The files below a folder with what is in them."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fail(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail as a user error, and return its one line."""
    assert main([str(argument) for argument in arguments]) == USER_ERROR
    captured = capsys.readouterr()
    assert captured.err.startswith("vlens: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.out + captured.err
    return captured.err


def replace_the_run(monkeypatch: pytest.MonkeyPatch, run_study: Callable[..., Any]) -> None:
    """Let `vlens run` and what builds on it call `run_study` where it starts to compute."""
    run = ModuleType("data_pipeline.run")
    study = ModuleType("data_pipeline.study")
    run.run_study = run_study  # type: ignore[attr-defined]
    study.load_study = lambda name: SimpleNamespace(id=Path(name).stem)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "data_pipeline.run", run)
    monkeypatch.setitem(sys.modules, "data_pipeline.study", study)

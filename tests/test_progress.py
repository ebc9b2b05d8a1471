"""Progress in the terminal: every stage with its seconds, whatever the output is."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from vlens.progress import TerminalProgress


def output_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_in_a_log_each_stage_is_one_line() -> None:
    console = Console(file=io.StringIO(), width=40)
    with TerminalProgress(console) as progress:
        with progress.stage("Text index of [bold]llama", 3) as stage:
            for _ in range(3):
                stage.advance(note="layer")
        with progress.stage("A title that is far longer than the forty columns of this console"):
            pass
    lines = output_of(console).splitlines()
    assert re.fullmatch(r"Text index of \[bold\]llama: \d+\.\d s", lines[0])
    assert re.fullmatch(
        r"A title that is far longer than the forty columns of this console: \d+\.\d s", lines[1]
    )
    assert len(lines) == 2


def test_in_a_terminal_each_stage_is_a_full_bar_at_its_end() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with TerminalProgress(console) as progress:
        with progress.stage("Counted", 4) as stage:
            stage.advance(4, "[red]note")
        with progress.stage("Of unknown length") as stage:
            stage.advance()
            stage.advance()
        with progress.stage("Empty", 0):
            pass
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output_of(console)).replace("\r", "\n").splitlines()
    last = [line for line in shown if line.strip()][-3:]
    assert re.search(r"Counted .*4/4", last[0])
    assert re.search(r"Of unknown length .*2/2", last[1])
    assert "Empty" in last[2]


def test_stages_may_be_nested() -> None:
    console = Console(file=io.StringIO(), width=100)
    with TerminalProgress(console) as progress, progress.stage("outer"), progress.stage("inner"):
        pass
    assert [line.split(":")[0] for line in output_of(console).splitlines()] == ["inner", "outer"]


def test_a_stage_that_fails_is_not_called_done() -> None:
    console = Console(file=io.StringIO(), width=100)
    with (
        pytest.raises(ValueError, match="broken"),
        TerminalProgress(console) as progress,
        progress.stage("outer", 2),
    ):
        raise ValueError("broken")
    assert output_of(console) == ""

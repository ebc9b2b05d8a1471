"""Node's own runner over `tests/js`, so that pytest is the only command to remember."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OLDEST_NODE = 20


def node() -> str:
    """Node's path; skips the test where there is none, but not in CI."""
    found = shutil.which("node")
    version = (
        subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if found
        else "v0"
    )
    if found and int(version[1:].split(".")[0]) >= OLDEST_NODE:
        return found
    reason = f"the tests of the viewer's modules need Node {OLDEST_NODE} or later on the path"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def test_the_viewers_modules() -> None:
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "js").rglob("*.test.js"))
    assert files
    done = subprocess.run(
        [node(), "--test", "--test-reporter=tap", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
    assert passed
    assert int(passed[1]) >= len(files)

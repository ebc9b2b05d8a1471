"""Names of files and folders of a training, known to those who only read them."""

from __future__ import annotations

import re

STEP_FOLDER = re.compile(r"step-(\d{6,})")


def step_folder(step: int) -> str:
    """The name of a checkpoint's folder."""
    return f"step-{step:06d}"

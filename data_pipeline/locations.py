"""Where weights lie: beside the study file, among the shipped toy models, or on the Hugging Face Hub."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from data_pipeline.errors import InputError
from data_pipeline.store import sha256_of

TOY_WEIGHTS = Path(__file__).parent / "toy" / "weights"
_HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]  # never pickles
_RECORD = "training.json"  # how long a training took changes nothing that a model says
_SHA256 = re.compile(r"[0-9a-f]{64}")


def resolve(location: str, base: Path, remote_code: bool = False) -> Path:
    """The folder of a location: `toy:NAME`, `hub:ORGANISATION/NAME[@REVISION]`, or a path from `base`.

    Python files are fetched from the hub only with `remote_code`.

    Raises:
        InputError: there is no such folder, or the hub cannot give it.
    """
    if location.startswith("hub:"):
        return snapshot(location.removeprefix("hub:"), [*_HUB_FILES, *(["*.py"] if remote_code else [])])
    if location.startswith("toy:"):
        folder = TOY_WEIGHTS / location.removeprefix("toy:")
        wanted = "one of the shipped toy models (vlens toy train makes them)"
    else:
        folder, wanted = base / location, "a folder of weights"
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected {wanted}")
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: no config.json in it, expected a model saved by save_pretrained")
    return folder


def snapshot(name: str, patterns: list[str], kind: Literal["model", "dataset"] = "model") -> Path:
    """The folder with the files of a hub repository that fit `patterns`.

    Args:
        name: ORGANISATION/NAME[@REVISION].
        patterns: globs over the files' paths.
        kind: of the repository.

    Raises:
        InputError: the hub cannot give it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = name.partition("@")
    try:
        return Path(
            snapshot_download(repository, repo_type=kind, revision=revision or None, allow_patterns=patterns)
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"hub:{name}: cannot be had from the Hugging Face Hub ({reason})") from error


def weights_hash(folder: Path) -> str:
    """Hash of all configuration and weight files of a folder: 16 hex digits."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in (".json", ".safetensors", ".txt", ".model", ".jinja") and file.name != _RECORD:
            digest.update(f"{file.name}:{_content_hash(file)}\n".encode())
    return digest.hexdigest()[:16]


def _content_hash(file: Path) -> str:
    # In the hub's cache a large file is a link to a blob that is named by its SHA-256: no need to read it.
    target = file.resolve().name
    return target if _SHA256.fullmatch(target) else sha256_of(file)

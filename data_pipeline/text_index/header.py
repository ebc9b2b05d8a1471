"""What a stored text index says of itself: `index.json`, which is written last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from data_pipeline.errors import InputError
from data_pipeline.store import sha256_of, write_atomically
from data_pipeline.text_index.layer_files import bytes_of_vector
from data_pipeline.versions import __version__
from data_pipeline.whole_folder import check_room

FORMAT = "vlens-text-index-2"
HEADER_FILE, CONTEXTS_FILE = "index.json", "contexts.parquet"
RULE = "no special tokens, none without characters; each prefix once; of each token those of lowest hash"
"""Which places of a corpus are kept."""
_CHECKED_WHOLE = 1 << 30
"""Bytes of all files up to which their hashes are checked whenever an index is loaded."""
_SLACK = 16 << 20


@dataclass(frozen=True)
class Origin:
    """What an index was made from, and how."""

    llm: str
    llm_hash: str
    vocabulary: int
    """Tokens that the tokenizer knows."""
    corpus: str
    corpus_hash: str
    sentences: int
    text_layers: tuple[int, ...]
    max_per_token: int
    max_tokens: int
    """Tokens of a sentence that are read at most."""
    seed: int
    hidden_size: int
    rule: str = RULE
    version: str = __version__
    model_stated: bool = False
    """Whether the model was only named when the index was imported: `llm_hash` is of the one named."""


@dataclass(frozen=True)
class StoredFile:
    """Size and hash of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Header:
    """The whole of `index.json`."""

    origin: Origin
    files: dict[str, StoredFile]

    def write(self, folder: Path) -> None:
        """Write it into the index's folder."""
        content = {
            "format": FORMAT,
            "origin": asdict(self.origin),
            "files": {name: asdict(file) for name, file in self.files.items()},
        }
        write_atomically(folder / HEADER_FILE, json.dumps(content, indent=1).encode() + b"\n")

    @classmethod
    def read(cls, folder: Path) -> Header:
        """The header of the index in `folder`.

        Raises:
            InputError: there is none, or it is of another format.
        """
        path = folder / HEADER_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise InputError(
                    f"{path}: format {content['format']!r}, expected {FORMAT!r}; build the index again"
                )
            origin = Origin(**{**content["origin"], "text_layers": tuple(content["origin"]["text_layers"])})
            files = {name: StoredFile(**file) for name, file in content["files"].items()}
            return cls(origin, files)
        except OSError as error:
            raise InputError(f"{path}: no text index here ({error.strerror})") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not a text index ({error})") from error

    def check_files(self, folder: Path, whole: bool | None = None) -> None:
        """Compare the files with what is said of them.

        Args:
            folder: the index's.
            whole: whether hashes are compared, or sizes alone; None: hashes of small indexes.

        Raises:
            InputError: a file is missing, has another size or another content.
        """
        if whole is None:
            whole = sum(file.bytes for file in self.files.values()) <= _CHECKED_WHOLE
        for name, file in self.files.items():
            path = folder / name
            if Path(name).name != name:
                raise InputError(f"{folder / HEADER_FILE}: names a file outside of the index")
            try:
                size = path.stat().st_size
                damaged = size != file.bytes or (whole and sha256_of(path) != file.sha256)
            except OSError as error:
                raise InputError(f"{path}: missing from the text index ({error.strerror})") from error
            if damaged:
                raise InputError(
                    f"{path}: not the file that was written ({size} bytes, expected {file.bytes}); the text "
                    "index is damaged"
                )


def described(folder: Path, names: Sequence[str]) -> dict[str, StoredFile]:
    """Sizes and hashes of files that were just written."""
    return {name: StoredFile((folder / name).stat().st_size, sha256_of(folder / name)) for name in names}


def check_disk(folder: Path, rows: dict[int, int], width: int) -> None:
    """Refuse to begin what the disk cannot hold; `rows` by text layer.

    Raises:
        InputError: too little is free; it names both sizes.
    """
    needed = sum(rows.values()) * bytes_of_vector(width) + _SLACK
    advice = "fewer text layers or contexts per token, or another disk"
    check_room(folder, needed, "the text index", advice)

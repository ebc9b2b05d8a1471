"""Building an index in its folder: a build that was stopped goes on, and ends with the same bytes.

Which rows there will be is known before the model reads anything. So the files are laid out first, and each
batch is written to its places; `building.json` says how many texts are done. It goes when `index.json` is
there.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from data_pipeline.block_outputs import num_blocks
from data_pipeline.corpus import Corpus
from data_pipeline.errors import InputError
from data_pipeline.folder_lock import written_by_one
from data_pipeline.progress import Progress
from data_pipeline.store import write_atomically
from data_pipeline.text_index.codes import Coding
from data_pipeline.text_index.contexts import Context, choose_contexts, tokenize
from data_pipeline.text_index.header import HEADER_FILE, Header, Origin, check_disk
from data_pipeline.text_index.layer_files import LayerFile
from data_pipeline.text_index.reading import Reader
from data_pipeline.text_index.settings import BuildSettings
from data_pipeline.text_index.storing import filled, finish, partial, rows_of_layer

_STATE_FILE = "building.json"
_SECONDS_BETWEEN_SAVES = 30.0
_SAMPLED_TEXTS = 64


def build_index(
    folder: Path,
    llm: nn.Module,
    tokenizer: Any,
    corpus: Corpus,
    settings: BuildSettings,
    progress: Progress,
) -> tuple[Context, ...] | None:
    """Let `llm` read `corpus` and write its hidden states; the contexts that the index now has.

    None where the very index is there already: then nothing is read.

    Raises:
        InputError: a layer that the model does not have, another index in the folder or another process that
        builds one there, too little disk, or a hidden state that is not finite.
    """
    origin = _origin(llm, tokenizer, corpus, settings)
    with written_by_one(folder, "vlens index build"):
        if _is_there(folder, origin, progress):
            return None
        return _build(folder, llm, tokenizer, corpus, origin, settings, progress)


def _build(
    folder: Path,
    llm: nn.Module,
    tokenizer: Any,
    corpus: Corpus,
    origin: Origin,
    settings: BuildSettings,
    progress: Progress,
) -> tuple[Context, ...]:
    name, most = origin.llm, origin.max_tokens
    read = tokenize(tokenizer, corpus, most)
    if read.cut:
        progress.say(
            f"corpus {corpus.title}: {read.cut} of {len(corpus)} sentences have more than {most} tokens; "
            f"{name} reads the first {most} of them"
        )
    chosen = choose_contexts(read, settings.max_per_token, settings.seed)
    if len(chosen) == 0:
        raise InputError(f"corpus {corpus.title}: no token left for {name} to read")
    reader = Reader(llm, name, chosen, origin.text_layers, settings.batch_size, progress)
    _Build(folder, origin, reader, progress).run()
    return chosen.contexts


def _origin(llm: nn.Module, tokenizer: Any, corpus: Corpus, settings: BuildSettings) -> Origin:
    layers, name = tuple(sorted(set(settings.layers))), settings.llm_id
    if not layers or layers[0] < 0 or layers[-1] > num_blocks(llm):
        raise InputError(f"text layers {list(layers)}: {name} has layers 0 to {num_blocks(llm)}")
    return Origin(
        llm=name,
        llm_hash=settings.llm_hash,
        vocabulary=len(tokenizer),
        corpus=corpus.title,
        corpus_hash=corpus.hash,
        sentences=len(corpus),
        text_layers=layers,
        max_per_token=settings.max_per_token,
        max_tokens=min(settings.max_tokens, _context_of(llm)),
        seed=settings.seed,
        hidden_size=int(llm.get_input_embeddings().weight.shape[1]),  # type: ignore[operator]
    )


def _is_there(folder: Path, origin: Origin, progress: Progress) -> bool:
    """Whether `folder` holds a whole index of `origin`, whichever version of V-Lens made it.

    What is damaged or not the header of an index is made again.

    Raises:
        InputError: it holds an index of something else, which took hours perhaps; it names what differs.
    """
    try:
        header = Header.read(folder)
    except InputError:
        return False
    there = replace(header.origin, version=origin.version)
    if there != origin:
        mine, its = asdict(origin), asdict(there)
        name = next(name for name in mine if mine[name] != its[name])
        raise InputError(
            f"{folder}: holds an index of {there.llm} and the corpus {there.corpus} "
            f"({name} {_shown(its[name])}, asked for {_shown(mine[name])}); name another folder"
        )
    try:
        header.check_files(folder)
    except InputError as error:
        progress.say(f"{error}; it is built again")
        return False
    (folder / _STATE_FILE).unlink(missing_ok=True)  # of a build that was stopped at its very end
    progress.say(f"{folder}: the index is already there; nothing is read")
    return True


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _context_of(llm: nn.Module) -> int:
    """Tokens that the model can read at once; some configurations do not say."""
    config: Any = llm.config
    most = getattr(config.get_text_config(), "max_position_embeddings", None)
    return most if isinstance(most, int) and most > 0 else sys.maxsize


class _Build:
    def __init__(self, folder: Path, origin: Origin, reader: Reader, progress: Progress) -> None:
        self.folder, self.origin, self.reader, self.progress = folder, origin, reader, progress
        contexts = reader.chosen.contexts
        self.rows = {layer: rows_of_layer(contexts, layer) for layer in origin.text_layers}
        self.plan = _plan(origin, reader)

    def run(self) -> None:
        files, begun = self._files()
        saved = time.monotonic()
        with self.progress.stage(f"text index of {self.origin.llm}", len(self.reader.order)) as stage:
            stage.advance(begun)
            for read in self.reader.read(begun):
                for layer, states in read.states.items():
                    self._put(files[layer], layer, read.contexts, states)
                stage.advance(read.done - begun)
                begun = read.done
                if time.monotonic() - saved > _SECONDS_BETWEEN_SAVES:
                    self._save(files, begun)
                    saved = time.monotonic()
        self._finish(files, begun)

    def _put(self, file: LayerFile, layer: int, contexts: np.ndarray, states: torch.Tensor) -> None:
        """Write the states whose contexts have a row in this layer."""
        rows = self.rows[layer]
        if len(rows) == len(self.reader.chosen):  # all of them, in their order
            return file.put(contexts, file.coding.encode(states))
        places = np.searchsorted(rows, contexts)
        there = rows[np.minimum(places, len(rows) - 1)] == contexts
        file.put(places[there], file.coding.encode(states[torch.from_numpy(there)]))

    def _files(self) -> tuple[dict[int, LayerFile], int]:
        """The layers' files, and how many texts they hold already."""
        state = self.folder / _STATE_FILE
        try:
            kept = json.loads(state.read_text(encoding="utf-8"))
            if kept["plan"] == self.plan:
                files = {
                    layer: LayerFile.open(filled(self.folder, layer), writable=True) for layer in self.rows
                }
                return files, int(kept["done"])
        except (OSError, ValueError, KeyError, TypeError, InputError):
            pass  # nothing to go on with
        width = self.origin.hidden_size
        check_disk(self.folder, {layer: len(rows) for layer, rows in self.rows.items()}, width)
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in (self.folder / HEADER_FILE, state):
            file.unlink(missing_ok=True)
        sample = self.reader.sample(_SAMPLED_TEXTS)
        files = {
            layer: LayerFile.create(partial(self.folder, layer), len(rows), Coding.of(sample[layer]))
            for layer, rows in self.rows.items()
        }
        self._save(files, 0)
        return files, 0

    def _save(self, files: dict[int, LayerFile], done: int) -> None:
        for file in files.values():
            file.flush()
        write_atomically(self.folder / _STATE_FILE, json.dumps({"plan": self.plan, "done": done}).encode())

    def _finish(self, files: dict[int, LayerFile], done: int) -> None:
        self._save(files, done)  # hashes of large files take minutes, in which a build can be stopped
        finish(self.folder, self.origin, self.reader.chosen.contexts)
        (self.folder / _STATE_FILE).unlink()


def _plan(origin: Origin, reader: Reader) -> str:
    """Changes with everything that decides an index's bytes."""
    chosen = reader.chosen
    kept = [chosen.sentences.tobytes(), chosen.positions.tobytes(), chosen.corpus.ids.tobytes()]
    content = json.dumps(
        [asdict(origin), reader.batch_size, [hashlib.sha256(part).hexdigest() for part in kept]]
    )
    return hashlib.sha256(content.encode()).hexdigest()

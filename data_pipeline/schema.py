"""THE CONTRACT between the two halves: what is in a results folder, column by column.

A results folder holds one folder of Parquet files per table and a `manifest.json`
(see `data_pipeline.manifest`). Every file carries the table's name and `SCHEMA_VERSION` in its Arrow
metadata; every column carries its unit and meaning. `conform` is called on each table before it is
written, `check_table` on each table that is read. `docs/data-format.md` is printed from this module.

Two layer axes, never mixed: `vision_layer` is the depth of the patch in the LLM, `text_layer` the depth
at which a text neighbour was read. Layer l is the output of block l; layer 0 is what enters the LLM.
Depends on pyarrow only, so that the page half can read the contract without torch.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.errors import InputError

SCHEMA_VERSION = 1
"""Raised when a column changes its name, type or meaning. A reader refuses any other version."""

Lens = Literal["embedding", "logit", "contextual"]
LENSES: tuple[Lens, ...] = ("embedding", "logit", "contextual")
PERCENTILE_LENS = "contextual_percentile"
"""LN-Lens once more, ranked by percentile: rows of their own, shown by a switch in LN-Lens's place."""
STORED_LENSES: tuple[str, ...] = (*LENSES, PERCENTILE_LENS)
"""What a lens may be called in tables and manifests."""
LENS_TITLES: dict[str, str] = {
    "embedding": "Input Embedding Matrix",
    "logit": "LogitLens",
    "contextual": "LN-Lens",
    PERCENTILE_LENS: "LN-Lens, by percentile",
}
GROUPS = ("main", "ablation", "off_the_shelf")
JUDGMENT_STATUSES = ("ok", "failed", "skipped")
TRUTH_KINDS = ("object", "background", "mixed", "padding")
REGION_KINDS = ("object", "background")
JUDGE_KINDS = ("annotations", "model", "person")

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}")
"""What a model, image or canvas id may look like: it becomes part of file names and URLs."""


def check_id(value: str, what: str) -> str:
    """Return `value` if it can safely name a file; otherwise raise `InputError`."""
    if not ID_PATTERN.fullmatch(value) or ".." in value:
        raise InputError(
            f"{what} {value!r} cannot be used: expected letters, digits and . _ + - (at most 120), "
            "starting with a letter or digit, without '..'"
        )
    return value


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, whether a value may be missing, its unit or range, and its meaning.

    `added`: it came later, and files from before it are read as if no row had a value.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    nullable: bool = False
    added: bool = False

    def field(self) -> pa.Field:
        """The Arrow field, with unit and meaning as metadata."""
        return pa.field(
            self.name, self.type, self.nullable, metadata={"unit": self.unit, "meaning": self.meaning}
        )


@dataclass(frozen=True)
class TableSpec:
    """One table of the contract: `key` names the columns that identify a row."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def added(self) -> frozenset[str]:
        """Names of the columns that came later."""
        return frozenset(column.name for column in self.columns if column.added)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, stamped with the table's name and the schema version."""
        return pa.schema(
            [column.field() for column in self.columns],
            metadata={"vlens.table": self.name, "vlens.schema_version": str(SCHEMA_VERSION)},
        )


def _texts() -> pa.DataType:
    return pa.list_(pa.string())


_MODEL = Column("model_id", pa.string(), "model of the study")
_IMAGE = Column("image_id", pa.string(), "source image")
_LENS = Column("lens", pa.string(), "which lens", " | ".join(STORED_LENSES))
_VISION_LAYER = Column(
    "vision_layer",
    pa.int16(),
    "depth of the vision token in the LLM",
    "0 = what enters, l = output of block l",
)
_CELL = Column("cell", pa.int32(), "cell of the canvas grid, row-major", "0-based; row * cols + col")

MODELS = TableSpec(
    "models",
    "model",
    ("model_id",),
    (
        _MODEL,
        Column("position", pa.int32(), "place of the model in the study file", "0-based"),
        Column("title", pa.string(), "name shown to readers"),
        Column("group", pa.string(), "role in the study", " | ".join(GROUPS)),
        Column("llm", pa.string(), "name of the language model"),
        Column("vision_encoder", pa.string(), "name of the vision encoder"),
        Column("connector", pa.string(), "kind of the connector and the encoder blocks that it reads"),
        Column("baseline_model_id", pa.string(), "model that an ablation is compared with", nullable=True),
        Column("description", pa.string(), "what is special about this model, in words", nullable=True),
        Column("num_layers", pa.int32(), "blocks of the LLM", "count"),
        Column("vision_layers", pa.list_(pa.int16()), "stored vision layers, ascending"),
        Column("text_layers", pa.list_(pa.int16()), "text layers searched by the contextual lens, ascending"),
        Column("hidden_size", pa.int32(), "width of the LLM", "dimensions", nullable=True),
        Column("vocab_size", pa.int32(), "size of the LLM's vocabulary", "tokens", nullable=True),
        Column("dtype", pa.string(), "floating-point type of the forward pass", nullable=True),
        Column("embedding_note", pa.string(), "how the embedding lens was computed", nullable=True),
        Column("logit_note", pa.string(), "how the logit lens was computed", nullable=True),
        Column("contextual_note", pa.string(), "how the contextual lens was computed", nullable=True),
        Column("corpus", pa.string(), "text corpus of the contextual lens", nullable=True),
        Column("config_hash", pa.string(), "hash of the model's whole configuration", "16 hex digits"),
    ),
)

IMAGES = TableSpec(
    "images",
    "source image",
    ("image_id",),
    (
        _IMAGE,
        Column("position", pa.int32(), "place of the image in the study", "0-based"),
        Column("caption", pa.string(), "caption by the data set", nullable=True),
        Column("width", pa.int32(), "width of the source image", "pixels"),
        Column("height", pa.int32(), "height of the source image", "pixels"),
        Column("sha256", pa.string(), "hash of the source image's bytes (drawn scenes: of the RGB pixels)"),
        Column("split", pa.string(), "part of the data set that the image belongs to", nullable=True),
    ),
)

REGIONS = TableSpec(
    "regions",
    "annotated region of an image",
    ("image_id", "region"),
    (
        _IMAGE,
        Column("region", pa.int32(), "number of the region within its image", "0-based"),
        Column("kind", pa.string(), "thing or surroundings", " | ".join(REGION_KINDS)),
        Column("words", _texts(), "nouns that name the region, synonyms included"),
        Column("attributes", _texts(), "words for its colour, texture, …"),
        Column("x0", pa.float32(), "left edge of the box", "source pixels"),
        Column("y0", pa.float32(), "top edge of the box", "source pixels"),
        Column("x1", pa.float32(), "right edge of the box, exclusive", "source pixels"),
        Column("y1", pa.float32(), "bottom edge of the box, exclusive", "source pixels"),
        Column(
            "mask",
            pa.binary(),
            "visible pixels of the box: a one-bit PNG of the box's size; the whole box where missing",
            "PNG bytes",
            nullable=True,
        ),
    ),
)

CANVASES = TableSpec(
    "canvases",
    "exact pixels that a model saw",
    ("canvas_id",),
    (
        Column("canvas_id", pa.string(), "hash of pixels and geometry", "16 hex digits"),
        _IMAGE,
        Column("media_type", pa.string(), "encoding of the bytes", "image/png | image/jpeg | image/webp"),
        Column("bytes", pa.binary(), "the encoded canvas"),
        Column("width", pa.int32(), "width of the canvas", "canvas pixels"),
        Column("height", pa.int32(), "height of the canvas", "canvas pixels"),
        Column("rows", pa.int32(), "rows of cells", "count"),
        Column("cols", pa.int32(), "columns of cells", "count"),
        Column("cell_width", pa.float32(), "width of a cell", "canvas pixels"),
        Column("cell_height", pa.float32(), "height of a cell", "canvas pixels"),
        Column("grid_x", pa.float32(), "left edge of cell 0", "canvas pixels"),
        Column("grid_y", pa.float32(), "top edge of cell 0", "canvas pixels"),
        Column(
            "affine",
            pa.list_(pa.float64()),
            "source → canvas map [a, b, c, d, e, f]: x' = ax + by + c, y' = dx + ey + f; empty if unknown",
        ),
        Column(
            "padding",
            pa.list_(pa.float32()),
            "share of each cell that is padding, row-major; empty if unknown",
            "0 to 1",
        ),
    ),
)

SAMPLES = TableSpec(
    "samples",
    "model and image",
    ("model_id", "image_id"),
    (
        _MODEL,
        _IMAGE,
        Column("canvas_id", pa.string(), "what the model saw of the image"),
        Column("generated_caption", pa.string(), "caption that the model wrote, greedily", nullable=True),
        Column(
            "caption_tokens", pa.int32(), "tokens of the data set's caption that were scored", "count", True
        ),
        Column(
            "caption_loss_image", pa.float32(), "mean loss of the caption given the image", "nats/token", True
        ),
        Column(
            "caption_loss_shuffled",
            pa.float32(),
            "the same given another image of the same source",
            "nats/token",
            True,
        ),
        Column("caption_loss_none", pa.float32(), "the same without any image", "nats/token", True),
    ),
)

NEIGHBORS = TableSpec(
    "neighbors",
    "model, image, lens, vision layer, cell and rank",
    ("model_id", "image_id", "lens", "vision_layer", "cell", "rank"),
    (
        _MODEL,
        _IMAGE,
        _LENS,
        _VISION_LAYER,
        _CELL,
        Column("rank", pa.int16(), "place in the list", "1-based"),
        Column("token", pa.string(), "the token as its tokenizer decodes it, spaces kept"),
        Column("token_id", pa.int32(), "the token's id in the LLM's vocabulary", nullable=True),
        Column("score", pa.float32(), "embedding, contextual: cosine in [-1, 1]; logit: the logit"),
        Column("probability", pa.float32(), "logit lens: softmax over the full vocabulary", "0 to 1", True),
        Column("text_layer", pa.int16(), "contextual lens: depth of the text neighbour", nullable=True),
        Column(
            "context_id", pa.int64(), "contextual lens: the neighbour's sentence and place", nullable=True
        ),
        Column(
            "percentile",
            pa.float32(),
            "contextual_percentile: share of pairs of contexts of the text layer that are less near",
            "0 to 1",
            nullable=True,
            added=True,
        ),
    ),
)

CONTEXTS = TableSpec(
    "contexts",
    "LLM, sentence and position used by a neighbour",
    ("context_id",),
    (
        Column("context_id", pa.int64(), "hash of LLM, sentence and token position"),
        Column("llm", pa.string(), "language model that read the sentence"),
        Column("text", pa.string(), "the sentence"),
        Column("position", pa.int32(), "place of the token in the tokenized sentence", "0-based", True),
        Column("char_start", pa.int32(), "first character of the token in the sentence", "0-based", True),
        Column("char_end", pa.int32(), "character after the token", "0-based, exclusive", True),
    ),
)

CELLS = TableSpec(
    "cells",
    "model, image, vision layer and cell",
    ("model_id", "image_id", "vision_layer", "cell"),
    (
        _MODEL,
        _IMAGE,
        _VISION_LAYER,
        _CELL,
        Column("norm", pa.float32(), "length of the hidden state", "L2 norm"),
        Column("cosine_to_layer_0", pa.float32(), "cosine to the same cell at vision layer 0", "-1 to 1"),
        Column("mean_cosine", pa.float32(), "mean cosine to the image's other cells", "-1 to 1"),
        Column("entropy", pa.float32(), "entropy of the logit lens over the full vocabulary", "nats"),
        Column("kl_to_final", pa.float32(), "KL(final layer's ‖ this layer's logit lens)", "nats"),
    ),
)

JUDGMENTS = TableSpec(
    "judgments",
    "model, image, lens, vision layer, cell and judge",
    ("model_id", "image_id", "lens", "vision_layer", "cell", "judge"),
    (
        _MODEL,
        _IMAGE,
        _LENS,
        _VISION_LAYER,
        _CELL,
        Column("judge", pa.string(), "id of the judge"),
        Column(
            "status",
            pa.string(),
            "whether there is a verdict; a failed call is never 'not interpretable'",
            " | ".join(JUDGMENT_STATUSES),
        ),
        Column("interpretable", pa.bool_(), "verdict: some candidate relates to the image", nullable=True),
        Column("concrete_words", _texts(), "candidates that name what is in the cell"),
        Column("abstract_words", _texts(), "candidates that name an idea or mood of the cell"),
        Column("global_words", _texts(), "candidates that name something elsewhere in the image"),
        Column("candidates", _texts(), "the words that were judged, by rank"),
        Column("reasoning", pa.string(), "the judge's reasons", nullable=True),
        Column(
            "chance_hits", pa.int32(), "other images for which the same verdict would be true", "count", True
        ),
        Column("chance_trials", pa.int32(), "other images tried", "count", True),
        Column("truth_kind", pa.string(), "what fills the cell", " | ".join(TRUTH_KINDS), True),
        Column(
            "names_truth",
            pa.bool_(),
            "filled cells: a candidate is a noun or an attribute of the region that fills most of the cell",
            nullable=True,
        ),
        Column("names_noun", pa.bool_(), "the same, by a noun alone", nullable=True),
        Column(
            "truth_chance_hits", pa.int32(), "cells of other images whose truth is named too", "count", True
        ),
        Column(
            "truth_chance_trials", pa.int32(), "cells of the same kind in other images tried", "count", True
        ),
        Column("noun_chance_hits", pa.int32(), "of those tried, cells named by a noun too", "count", True),
        Column("judge_model", pa.string(), "model behind the judge", nullable=True),
        Column("prompt_hash", pa.string(), "hash of the judge's prompt", nullable=True),
        Column("tokens", pa.int32(), "tokens used by the judge", "count", True),
        Column("cost", pa.float32(), "price of the judgment", "US dollars", True),
        Column("failure", pa.string(), "why there is no verdict, in words", nullable=True, added=True),
    ),
)

JUDGES = TableSpec(
    "judges",
    "judge",
    ("judge",),
    (
        Column("judge", pa.string(), "id of the judge"),
        Column("kind", pa.string(), "what judges", " | ".join(JUDGE_KINDS)),
        Column("title", pa.string(), "name shown to readers"),
        Column("judge_model", pa.string(), "model behind the judge", nullable=True),
        Column("prompt", pa.string(), "what the judge was asked, placeholders unfilled", nullable=True),
        Column("prompt_hash", pa.string(), "hash of the prompt", "16 hex digits", True),
        Column(
            "note", pa.string(), "what a reader must know of it, where it was imported from", nullable=True
        ),
    ),
)

JUDGE_ITEMS = TableSpec(
    "judge_items",
    "plan, model, image and cell",
    ("plan", "model_id", "image_id", "cell"),
    (
        Column("plan", pa.string(), "id of the sample that people and judges share"),
        _MODEL,
        _IMAGE,
        _CELL,
        Column("canvas_id", pa.string(), "what the judge is shown, where it is at hand", nullable=True),
        Column(
            "position", pa.int32(), "place among the model's items; the first n are a sample too", "0-based"
        ),
        Column(
            "stratum", pa.string(), "what the sample was stratified by; missing if uniform", nullable=True
        ),
        Column("lenses", _texts(), "lenses to be judged at this cell"),
        Column("vision_layers", pa.list_(pa.int16()), "vision layers to be judged at this cell, ascending"),
        Column(
            "null_image_id", pa.string(), "image whose candidates are shown to measure chance", nullable=True
        ),
        Column("null_cell", pa.int32(), "cell of that image", "0-based; row * cols + col", True),
    ),
)

PUBLISHED_SCORES = TableSpec(
    "published_scores",
    "model, lens, vision layer and source",
    ("model_id", "lens", "vision_layer", "source"),
    (
        _MODEL,
        _LENS,
        _VISION_LAYER,
        Column("source", pa.string(), "where the figure was published"),
        Column("percent", pa.float32(), "share of patches called interpretable there", "0 to 100"),
        Column("trials", pa.int32(), "patches judged there, where that is known", "count", True),
    ),
)

CHECKPOINTS = TableSpec(
    "checkpoints",
    "model that shows a step of a training",
    ("model_id",),
    (
        _MODEL,
        Column(
            "trained_model_id",
            pa.string(),
            "model whose training it is; its own id for the trained model itself",
        ),
        Column(
            "step", pa.int32(), "updates of the weights so far; missing where not recorded", "count", True
        ),
    ),
)

TRAINING_LOSSES = TableSpec(
    "training_losses",
    "trained model and step",
    ("model_id", "step"),
    (
        _MODEL,
        Column("step", pa.int32(), "step of its training", "1-based"),
        Column(
            "loss", pa.float64(), "mean over the step's images, before its update", "nats per token learned"
        ),
        Column("learning_rate", pa.float64(), "of the connector"),
        Column("images", pa.int64(), "images seen so far", "count"),
        Column("seconds", pa.float64(), "time of training so far, pauses left out", "seconds"),
    ),
)

RUNS = TableSpec(
    "runs",
    "stage run",
    ("run_id",),
    (
        Column("run_id", pa.string(), "hash of stage, model and start", "16 hex digits"),
        Column("stage", pa.string(), "what ran: index, capture, judge, import, …"),
        Column("model_id", pa.string(), "model that it ran for", nullable=True),
        Column("started", pa.timestamp("ms", tz="UTC"), "when it began"),
        Column("seconds", pa.float64(), "how long it took", "seconds"),
        Column("command", pa.string(), "command that was given"),
        Column("versions", pa.string(), "versions of V-Lens, Python and the libraries used", "JSON object"),
        Column("device", pa.string(), "where tensors lived", nullable=True),
        Column("dtype", pa.string(), "floating-point type", nullable=True),
        Column("seed", pa.int64(), "seed of the study", nullable=True),
    ),
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        MODELS,
        IMAGES,
        REGIONS,
        CANVASES,
        SAMPLES,
        NEIGHBORS,
        CONTEXTS,
        CELLS,
        JUDGMENTS,
        JUDGES,
        JUDGE_ITEMS,
        PUBLISHED_SCORES,
        CHECKPOINTS,
        TRAINING_LOSSES,
        RUNS,
    )
}

_CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("models", "group"): GROUPS,
    ("neighbors", "lens"): STORED_LENSES,
    ("judgments", "lens"): STORED_LENSES,
    ("judgments", "status"): JUDGMENT_STATUSES,
    ("judgments", "truth_kind"): TRUTH_KINDS,
    ("judges", "kind"): JUDGE_KINDS,
    ("published_scores", "lens"): LENSES,
    ("regions", "kind"): REGION_KINDS,
}

_ID_COLUMNS = (
    "model_id",
    "baseline_model_id",
    "trained_model_id",
    "image_id",
    "canvas_id",
    "null_image_id",
    "plan",
    "judge",
)


def conform(name: str, table: pa.Table) -> pa.Table:
    """Cast `table` to the contract's table `name` and check every value rule.

    Raises:
        InputError: columns are missing or unknown; a value is missing, not finite, not among the choices,
            or an id that cannot safely name a file.
    """
    spec = TABLES[name]
    table = with_added_columns(spec, table)
    expected, found = set(spec.schema.names), set(table.schema.names)
    if expected != found:
        raise InputError(
            f"table {name}: missing columns {sorted(expected - found)}, "
            f"unknown columns {sorted(found - expected)}"
        )
    may_lack_values = pa.schema([field.with_nullable(True) for field in spec.schema])
    try:
        typed = table.select(spec.schema.names).cast(may_lack_values)
    except pa.ArrowException as error:
        raise InputError(f"table {name}: {error}") from error
    check_values(spec, typed)
    return typed.cast(spec.schema).replace_schema_metadata(spec.schema.metadata)


def with_added_columns(spec: TableSpec, table: pa.Table) -> pa.Table:
    """`table` with the columns that came later, empty where it is from before."""
    for name in sorted(spec.added - set(table.schema.names)):
        field = spec.schema.field(name)
        table = table.append_column(field, pa.nulls(len(table), field.type))
    return table


def check_values(spec: TableSpec, table: pa.Table) -> None:
    """Raise `InputError`, naming the row, if a value breaks the contract."""
    for column in spec.columns:
        values = table[column.name]
        if not column.nullable and values.null_count:
            raise InputError(f"table {spec.name}: {column.name} is missing in {values.null_count} rows")
        if pa.types.is_floating(column.type):
            _check_finite(spec, table, column.name)
        if column.name in _ID_COLUMNS:
            _check_ids(spec.name, column.name, values)
        if choices := _CHOICES.get((spec.name, column.name)):
            _check_choices(spec.name, column.name, values, choices)


def _check_finite(spec: TableSpec, table: pa.Table, column: str) -> None:
    finite = pc.fill_null(pc.is_finite(table[column]), True)
    if pc.all(finite).as_py() in (True, None):
        return
    row = pc.index(finite, False).as_py()
    where = ", ".join(f"{key} {table[key][row].as_py()}" for key in spec.key)
    value = table[column][row].as_py()
    raise InputError(f"table {spec.name}: {column} is {'NaN' if math.isnan(value) else value} at {where}")


def _check_ids(table: str, column: str, values: pa.ChunkedArray) -> None:
    for value in pc.unique(values).to_pylist():
        if value is not None:
            check_id(value, f"table {table}: {column}")


def _check_choices(table: str, column: str, values: pa.ChunkedArray, choices: tuple[str, ...]) -> None:
    strange = set(pc.unique(values).to_pylist()) - {*choices, None}
    if strange:
        raise InputError(
            f"table {table}: {column} is {sorted(strange)[0]!r}, expected one of {', '.join(choices)}"
        )


def check_schema(name: str, schema: pa.Schema, source: str) -> None:
    """Raise `InputError` unless `schema`, as found in `source`, is this version's table `name`."""
    metadata = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    version = metadata.get("vlens.schema_version")
    if version is None or "vlens.table" not in metadata:
        raise InputError(f"{source}: not written by V-Lens (no vlens.schema_version in its metadata)")
    if version != str(SCHEMA_VERSION):
        raise InputError(f"{source}: schema version {version}, expected {SCHEMA_VERSION}")
    if metadata["vlens.table"] != name:
        raise InputError(f"{source}: holds table {metadata['vlens.table']!r}, expected {name!r}")
    expected = TABLES[name].schema
    for field in expected:
        index = schema.get_field_index(field.name)
        if index < 0 and field.name in TABLES[name].added:
            continue
        found = "nothing" if index < 0 else str(schema.field(index).type)
        if index < 0 or schema.field(index).type != field.type:
            raise InputError(f"{source}: column {field.name} is {found}, expected {field.type}")

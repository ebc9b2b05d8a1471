"""What `vlens run --dry-run` prints: a table of the models, the sums, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vlens.commands.forecast_units import UNKNOWN, count, duration, size

if TYPE_CHECKING:
    from data_pipeline.forecast.dry_run import StudyForecast
    from data_pipeline.forecast.matrix_rate import MatrixRate
    from data_pipeline.forecast.models import ModelForecast
    from data_pipeline.forecast.pictures import Pictures

_COLUMNS = ("model", "vision layers", "cells", "passes", "GPU", "disk", "time")
_MANY_IMAGES = 100


def print_forecast(
    found: StudyForecast, tokens_per_second: float | None, rates: MatrixRate, console: Console
) -> None:
    """Everything, in the order in which one asks for it."""
    console.print(Text(f"{found.study.title} ({found.study.id}): nothing is computed or downloaded"))
    if found.work.images is None:
        console.print(Text("How many images there are is not known before download: all is for one image."))
    console.print()
    console.print(_model_table(found, tokens_per_second, rates))
    console.print()
    if found.text_indexes:
        console.print(_text_index_table(found))
        console.print()
    console.print(_sums(found, tokens_per_second, rates))
    console.print()
    for note in [*_unknown(found), *_assumptions(found, tokens_per_second, rates)]:
        console.print(Text(f"- {note}"))


def _model_table(found: StudyForecast, tokens_per_second: float | None, rates: MatrixRate) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="right" if number else "left", no_wrap=bool(number), overflow="fold")
    for model in found.models:
        cells = (
            model.id,
            _layers(model),
            UNKNOWN if model.cells is None else str(model.cells),
            str(found.passes(model)),
            UNKNOWN if model.memory is None else size(model.memory.total),
            _shown(found.disk(model), size),
            _shown(_seconds(found, model, tokens_per_second, rates), duration),
        )
        table.add_row(*map(Text, cells))
    return table


def _text_index_table(found: StudyForecast) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    names = ["text index of", "text layers", "vectors each", "bytes each", "disk"]
    for number, name in enumerate([*names, "as published"] if found.as_published else names):
        table.add_column(name, justify="right" if number else "left", no_wrap=bool(number), overflow="fold")
    published = found.published_index_bytes()
    for (llm, index), kept in zip(found.text_indexes.items(), published, strict=True):
        cells = [UNKNOWN] * 4
        if index:
            rows, layers = index.vectors(found.text_tokens), len(index.layers)
            cells = [
                str(layers),
                f"{rows:,}",
                f"{index.bytes_of_vector:,}",
                size(index.bytes(found.text_tokens)),
            ]
        cells += [_shown(kept, size)] * found.as_published
        table.add_row(*map(Text, (llm, *cells)))
    return table


def _seconds(
    found: StudyForecast, model: ModelForecast, tokens_per_second: float | None, rates: MatrixRate
) -> float | None:
    return found.seconds(model, tokens_per_second, rates.per_second, rates.float32_per_second)


def _shown(value: float | None, unit: Callable[[float], str]) -> str:
    return UNKNOWN if value is None else unit(value)


def _layers(model: ModelForecast) -> str:
    if model.vision_layers is None or model.num_layers is None:
        return UNKNOWN
    return f"{len(model.vision_layers)} of {model.num_layers + 1}"


def _sums(found: StudyForecast, tokens_per_second: float | None, rates: MatrixRate) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    memories = [model.memory for model in found.models if model.memory]
    disks = [found.disk(model) for model in found.models]
    times = [_seconds(found, model, tokens_per_second, rates) for model in found.models]
    reading = found.text_seconds(tokens_per_second, rates.per_second)
    rows = [
        ("models", f"{len(found.models)}, {len({model.llm_id for model in found.models})} LLMs"),
        ("images", "not known before download" if found.work.images is None else str(found.images)),
        ("image passes", str(sum(found.passes(model) for model in found.models))),
        ("text passes", _text_passes(found)),
    ]
    if memories:
        most = max(memories, key=lambda memory: memory.total)
        rows.append(
            (
                "GPU memory, most",
                f"{size(most.total)}: weights {size(most.weights)}, lenses {size(most.lenses)}, "
                f"activations {size(most.activations)}, unembedding {size(most.unembedding)}",
            )
        )
    rows.append(("disk of results", _sum_of(disks, size)))
    if indexes := found.text_index_bytes():
        kept = f"; as published {_sum_of(found.published_index_bytes(), size, 'LLMs')}" * found.as_published
        rows.append(("disk of text indexes", f"at most {_sum_of(indexes, size, 'LLMs')}{kept}"))
    if reading:
        about = "about " * (found.sentences is None)
        rows.append(("time of reading texts", about + _sum_of(reading, duration, "LLMs")))
    rows.append(("time of images", _sum_of(times, duration)))
    known = [time for time in [*reading, *times] if time is not None]
    left = ", without what is not known" * (len(known) < len(reading) + len(times))
    rows.append(("time", (duration(sum(known)) if known else UNKNOWN) + left))
    for name, value in rows:
        table.add_row(Text(name, style="bold"), Text(value))
    return table


def _text_passes(found: StudyForecast) -> str:
    if not found.llms:
        return "none (no contextual lens)"
    if found.study.text.source == "index":
        return f"none (the text index {found.study.text.index} is there)"
    if found.sentences is None:
        return f"at most {found.most_sentences * found.llms}: {found.study.text.file} is not at hand"
    return f"{found.sentences * found.llms}: {found.sentences} sentences for each of {found.llms} LLMs"


def _sum_of(values: Sequence[float | None], unit: Callable[[float], str], what: str = "models") -> str:
    known = [value for value in values if value is not None]
    left = len(values) - len(known)
    if not known:
        return "not known"
    return unit(sum(known)) + (f", without the {left} {what} that are not known" if left else "")


def _unknown(found: StudyForecast) -> list[str]:
    """Each thing that is missing once, with the models that lack it."""
    reasons: dict[str, list[str]] = {}
    for model in found.models:
        if model.missing:
            reasons.setdefault(model.missing, []).append(model.id)
    return [f"{', '.join(ids)}: {reason}" for reason, ids in reasons.items()]


def _assumptions(found: StudyForecast, tokens_per_second: float | None, rates: MatrixRate) -> list[str]:
    study, work = found.study, found.work
    losses = ", and three for the losses of its caption" if work.captioned else ""
    notes = [
        f"A pass is one image through one model; up to {work.batch} share a batch. An image takes one for "
        f"the lenses, one that begins a caption of at most {study.caption_tokens} tokens{losses}.",
        f"GPU: parameters x {study.dtype}, the lenses' matrices in float32, a batch's states, keys and "
        "values. Text around the image, the encoder's states and the allocator's slack are not in it; the "
        "text index is searched there if there is room beside all that. Where a batch does not fit, a run "
        "goes on with half as many images.",
        f"Disk: rows x bytes per row as measured on the toy study, {_canvases(work.pictures)}. "
        "What text indexes take comes on top.",
    ]
    if found.text_indexes:
        notes.append(
            f"Text indexes, at most: {study.text.contexts_per_token} contexts of each token of the "
            "vocabulary, or as many as the corpus has tokens; contexts that repeat and tokens that never "
            "come make them smaller. The sentences are not in it."
        )
    if found.text_indexes and found.sentences is None:
        notes.append(_about_missing_corpus(found))
    if tokens_per_second:
        notes.append(
            f"Time: tokens / {tokens_per_second:g} a second, {_whose_rate(found)}; a caption counts as "
            f"{study.caption_tokens} tokens. The lenses' own products are not in it."
        )
    else:
        notes.append(
            f"Time: operations / {rates.per_second / 1e12:.2g} x 10^12 a second, the bare matrix products "
            f"of this machine ({rates.device}){_lens_rate(study.dtype, rates)}. Operations: 2 x parameters "
            "of the LLM's blocks x tokens, 2 x the encoder's x cells x looks, and the vocabulary for each "
            "cell, if every caption is as long as allowed. A run takes longer: attention, searching the "
            "index and loading are not in it. --tokens-per-second takes a rate of yours."
        )
    if found.sentences:
        notes.append(
            "Texts: four tokens for every three words and signs; a finished index is not built again."
        )
    if work.images is None or work.images > _MANY_IMAGES:
        notes.append(
            f"--num-images {_MANY_IMAGES} takes the first {_MANY_IMAGES} images only; a later run with more "
            "goes on from there. Text indexes take the same for any number."
        )
    return notes


def _about_missing_corpus(found: StudyForecast) -> str:
    from data_pipeline.forecast.published_corpus import PUBLISHED_VECTORS, TOKENS_A_PHRASE

    read = (
        f"Texts: {found.study.text.file} is not at hand: {found.most_sentences:,} sentences at most, of "
        f"{TOKENS_A_PHRASE} tokens, as phrases have; longer ones take more."
    )
    kept = f" As published: with the {PUBLISHED_VECTORS:,} vectors a layer that the study kept of OLMo-7B."
    return read + kept * found.as_published


def _canvases(pictures: Pictures | None) -> str:
    if pictures is None:
        return "canvases without compression"
    tried = len(pictures.images)
    said = f"canvases as {tried} of the images {'take' if tried > 1 else 'takes'}"
    refused = f" ({pictures.refused} more of those tried cannot be read)" if pictures.refused else ""
    return said + refused


def _whose_rate(found: StudyForecast) -> str:
    largest = found.largest
    if largest is None or largest.parameters is None or len(found.models) < 2:
        return "as given"
    return (
        f"given for the largest model ({largest.id}, {count(largest.parameters)} parameters); a smaller one "
        "is taken to be faster in proportion to its parameters"
    )


def _lens_rate(dtype: str, rates: MatrixRate) -> str:
    if dtype == "float32":
        return ""
    return f", of the lenses' {rates.float32_per_second / 1e12:.2g} x 10^12 in float32"

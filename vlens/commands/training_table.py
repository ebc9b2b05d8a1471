"""What `vlens train --dry-run` prints: the sums, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vlens.commands.forecast_units import UNKNOWN, count, duration, size

if TYPE_CHECKING:
    from data_pipeline.forecast.matrix_rate import MatrixRate
    from data_pipeline.forecast.trainings import TrainingForecast


def print_training(
    found: TrainingForecast, tokens_per_second: float | None, rate: MatrixRate, console: Console
) -> None:
    """Everything, in the order in which one asks for it."""
    title = f"{found.model.title} ({found.model.id}): nothing is trained or downloaded"
    console.print(Text(title))
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for name, value in _rows(found, tokens_per_second, rate):
        table.add_row(Text(name, style="bold"), Text(value))
    console.print(table)
    console.print()
    for note in _notes(found, tokens_per_second, rate):
        console.print(Text(f"- {note}"))


def _rows(
    found: TrainingForecast, tokens_per_second: float | None, rate: MatrixRate
) -> list[tuple[str, str]]:
    keys = found.settings
    trained, frozen = found.trained_parameters, found.frozen_parameters
    memory, seconds = found.memory, _seconds(found, tokens_per_second, rate)
    along = ", the LLM's blocks among them" if keys.unfreeze else ""
    return [
        ("trained", UNKNOWN if trained is None else f"{count(trained)} parameters{along}"),
        ("frozen", UNKNOWN if frozen is None else f"{count(frozen)} parameters"),
        ("steps", f"{keys.steps:,}, of {keys.batch_size} images"),
        ("images", _images(found)),
        ("passes", f"{found.passes:,} forward and backward: an image and its caption"),
        ("tokens", "not known" if found.tokens is None else f"about {found.tokens:,}"),
        (
            "GPU memory",
            UNKNOWN
            if memory is None
            else f"{size(memory.total)}: frozen {size(memory.frozen)}, trained {size(memory.trained)}, "
            f"states of a pass {size(memory.states)}",
        ),
        ("checkpoints", str(found.checkpoints)),
        ("disk", UNKNOWN if found.disk is None else size(found.disk)),
        ("time", UNKNOWN if seconds is None else duration(seconds)),
    ]


def _images(found: TrainingForecast) -> str:
    if found.images is None:
        return "not known before download"
    times = found.passes / found.images
    return (
        f"{found.images:,}, each {times:.2g} times" if times > 1 else f"{found.passes:,} of {found.images:,}"
    )


def _seconds(found: TrainingForecast, tokens_per_second: float | None, rate: MatrixRate) -> float | None:
    if tokens_per_second:
        return None if found.tokens is None else found.tokens / tokens_per_second
    return None if found.flops is None else found.flops / rate.per_second


def _notes(found: TrainingForecast, tokens_per_second: float | None, rate: MatrixRate) -> list[str]:
    keys, captions = found.settings, found.captions
    images = min(keys.micro_batch or keys.batch_size, keys.batch_size)
    notes = [found.missing] if found.missing else []
    if found.unwritable:
        notes.append(f"A forecast only: {found.unwritable}.")
    if captions and captions.counted:
        notes.append(
            f"Captions: {captions.mean} tokens on average and at most {captions.most}, of {captions.counted} "
            "that were counted; four tokens for every three words and signs. Text around them is not in it."
        )
    elif captions:
        notes.append(
            f"Captions: none could be counted. Tokens and time are with {captions.mean} each, about as many "
            "as the 167 words of PixMo-Cap's captions have; first sentences and answers are shorter. GPU "
            f"memory is with {captions.most}, for which sequence_length = {keys.sequence_length} leaves room."
        )
    notes += [
        f"GPU memory, of each process: frozen parameters in {found.study.dtype}, 16 bytes for a trained one, "
        f"and, roughly, what a pass of {images} image{'s' * (images > 1)} with the longest caption keeps for "
        "its gradients; micro_batch makes that smaller. The allocator's slack is not in it.",
        "Disk: every checkpoint and the trained connector in float32, and what the last one is gone on from.",
    ]
    if tokens_per_second:
        notes.append(f"Time: tokens / {tokens_per_second:g} a second, as given, forward and backward.")
    else:
        notes.append(
            f"Time: operations / {rate.per_second / 1e12:.2g} x 10^12 a second, the bare matrix products of "
            f"this machine ({rate.device}), one process. Operations: 4 x the parameters of the frozen LLM "
            "x tokens, 6 x what is trained, 2 x the encoder's. A training takes longer: attention and "
            "loading are not in it. --tokens-per-second takes a rate of yours."
        )
    return notes

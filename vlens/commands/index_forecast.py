"""What `vlens index build --dry-run` prints."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import click

_PUBLISHED = "26 GB for 8 layers in float8, 88 GB with all that it kept, 13 h a model, as its journal has it"
Request = tuple[str, str | None, int | None, Path | None]
"""Model, corpus, sentences and output, as the user named them."""


def print_build_forecast(
    request: Request,
    layers: Callable[[int], tuple[int, ...]],
    max_per_token: int,
    batch_size: int,
    tokens_per_second: float | None,
    dtype: str,
) -> None:
    """Everything that an index's configuration says about its size and time."""
    from data_pipeline.corpus import named_corpus
    from data_pipeline.forecast.matrix_rate import measure_matrix_rate
    from data_pipeline.text_index.build_forecast import forecast_build
    from vlens.commands.forecast_units import size

    model, corpus, sentences, output = request
    read = named_corpus(corpus, sentences) if corpus else None
    found = forecast_build(model, read, layers, max_per_token, batch_size)
    text, index = found.architecture.text, found.index
    rates = None if tokens_per_second else measure_matrix_rate(dtype)
    rate = (
        f"at the {rates.per_second / 1e12:.2g} x 10^12 operations a second of bare matrix products here "
        f"({rates.device}); a build takes longer"
        if rates
        else f"at {tokens_per_second:,.0f} tokens a second, as given"
    )
    place = output or Path()
    free = shutil.disk_usage(next(part for part in (place, *place.resolve().parents) if part.exists())).free
    title = read.title if read else "the published study's phrases"
    most = "" if found.as_published else "at most "
    width = index.width
    facts = {
        "model": f"{text.num_hidden_layers} blocks of width {width:,}, {index.vocabulary:,} tokens, from "
        f"{found.architecture.source}",
        "corpus": f"{title}: {found.sentences:,} sentences, about {found.tokens:,} tokens",
        "forward passes": f"{found.passes:,} of {batch_size} sentences",
        "text layers": f"{len(index.layers)}: {', '.join(map(str, index.layers))}",
        "vectors": f"{most}{found.vectors:,} a layer"
        + (", as the published study kept of OLMo-7B" if found.as_published else ""),
        "bytes a vector": f"{index.bytes_of_vector:,} (float32: {4 * width:,}, float16: {2 * width:,})",
        "disk": f"{most}{size(found.bytes_of_layer)} a layer, {size(found.bytes)} in all",
        "disk at hand": f"{size(free)}, {'enough' if free > found.bytes else 'too little'}",
        "hours": f"{found.seconds(tokens_per_second, rates.per_second if rates else 1) / 3600:.2g} {rate}",
        "published study": _PUBLISHED,
    }
    click.echo(f"Text index of {model}: nothing is read, downloaded or written")
    for name, value in facts.items():
        click.echo(f"{name:16} {value}")

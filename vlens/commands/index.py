"""`vlens index …`: text indexes for LN-Lens, built, described and asked."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.errors import InputError, printable
from vlens.commands.index_exchange import export_index, import_index
from vlens.commands.index_forecast import print_build_forecast
from vlens.commands.index_options import device_option, dtype_option, model_option
from vlens.commands.options import BYTES, COUNT, FOLDER

_STUDY_LAYERS = "1,2,4,8,16,24,N-2,N-1"


@click.group()
def command() -> None:
    """Build, describe, search and exchange text indexes, which LN-Lens looks hidden states up in."""


command.add_command(import_index)
command.add_command(export_index)


@command.command()
@model_option
@click.option(
    "--corpus",
    help="everyday, toy, concepts (of an installed latentlens), or a file: .txt, .csv or .parquet.",
)
@click.option("--output", type=FOLDER, help="Where the index goes.")
@click.option(
    "--layers",
    default="study",
    show_default=True,
    help=f"Text layers: {_STUDY_LAYERS} as far as there are such for 'study', 'all', or a list like it.",
)
@click.option("--sentences", type=COUNT, help="At most so many sentences.")
@click.option(
    "--contexts-per-token", type=COUNT, default=20, show_default=True, help="At most so many of each token."
)
@click.option("--batch-size", type=COUNT, default=64, show_default=True, help="Sentences read at once.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of contexts.")
@dtype_option
@device_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print what it would take; nothing is read. Without --corpus, for the published study's.",
)
@click.option(
    "--tokens-per-second",
    type=click.FloatRange(min=0, min_open=True),
    help="With --dry-run: the rate behind the hours.  [default: this machine's matrix products]",
)
def build(
    model: str,
    corpus: str | None,
    output: Path | None,
    layers: str,
    sentences: int | None,
    contexts_per_token: int,
    batch_size: int,
    seed: int,
    dtype: str,
    device: str,
    dry_run: bool,
    tokens_per_second: float | None,
) -> None:
    """Let a language model read a corpus and keep its hidden states.

    A build that was stopped goes on with the same command. An index of something else is never replaced.
    """
    if dry_run:
        return print_build_forecast(
            (model, corpus, sentences, output),
            lambda blocks: _layers(layers, blocks),
            contexts_per_token,
            batch_size,
            tokens_per_second,
            dtype,
        )
    if tokens_per_second:
        raise InputError("--tokens-per-second is only for --dry-run: a build measures itself")
    if corpus is None or output is None:
        missing = "--output" if corpus else "--corpus"
        raise InputError(f"{missing} is missing; only --dry-run does without it")
    from data_pipeline.corpus import named_corpus
    from data_pipeline.text_index.index import TextIndex
    from data_pipeline.text_index.language import load_speaker
    from data_pipeline.text_index.settings import BuildSettings
    from vlens.progress import TerminalProgress

    read = named_corpus(corpus, sentences)
    _check_output(output)
    speaker = load_speaker(model, dtype, device)
    with TerminalProgress() as progress:
        index = TextIndex.build(
            output,
            speaker.language.causal,
            speaker.language.tokenizer,
            read,
            BuildSettings(
                _layers(layers, speaker.language.num_layers),
                speaker.name,
                speaker.hash,
                max_per_token=contexts_per_token,
                seed=seed,
                batch_size=batch_size,
            ),
            progress,
        )
    click.echo(f"Text index in {output}: {len(index.contexts)} contexts, {len(index)} vectors")


@command.command()
@click.argument("folder", type=FOLDER)
@click.option("--verify", is_flag=True, help="Compare the hashes of all files, however large.")
def info(folder: Path, verify: bool) -> None:
    """Say what the index in FOLDER holds and what it was made from."""
    from data_pipeline.text_index.header import RULE
    from data_pipeline.text_index.index import TextIndex

    index = TextIndex.load(folder, whole=verify or None)
    origin = index.origin
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    facts = {
        "language model": f"{origin.llm} ({origin.llm_hash})"
        + (", stated when the index was imported" if origin.model_stated else ""),
        "vocabulary": f"{origin.vocabulary:,} tokens",
        "corpus": f"{origin.corpus} ({origin.corpus_hash}), {origin.sentences:,} sentences",
        "contexts": f"{len(index.contexts):,}, at most {origin.max_per_token} of a token",
        "text layers": ", ".join(map(str, origin.text_layers)),
        "vectors": f"{len(index):,} of width {origin.hidden_size}",
        "bytes": f"{size:,}, {size / len(index):.0f} a vector with its sentence",
        "rule": origin.rule,
        "drawn with seed": "not known" if origin.rule != RULE else str(origin.seed),
        "made with": f"V-Lens {origin.version}",
    }
    for name, value in facts.items():
        click.echo(f"{name:16} {printable(value)}")


@command.command()
@click.argument("folder", type=FOLDER)
@click.argument("sentence")
@model_option
@click.option("-k", "--top-k", "top_k", type=COUNT, default=5, show_default=True, help="Neighbours to list.")
@click.option(
    "--distinct",
    type=click.Choice(["context", "word"]),
    default="context",
    show_default=True,
    help="What is listed once: each context, or each word.",
)
@click.option(
    "--rank-by",
    type=click.Choice(["cosine", "percentile"]),
    default="cosine",
    show_default=True,
    help="percentile: of the cosine among those of its text layer's contexts to each other.",
)
@click.option(
    "--memory",
    type=BYTES,
    default="1GiB",
    show_default=True,
    help="What the search may take beside the model and the index's sentences, such as 2GB. Percentiles "
    "alone take up to 34 MB and 14 kB for each column of a vector, 92 MB at 4096.",
)
@dtype_option
@device_option
def search(
    folder: Path,
    sentence: str,
    model: str,
    top_k: int,
    distinct: str,
    rank_by: str,
    memory: int,
    dtype: str,
    device: str,
) -> None:
    """Print what a word is near to: SENTENCE such as "the **bank** of the river".

    The word between stars is meant, or the last one.
    Each line has the cosine, its percentile in its text layer, the text layer and the context.
    """
    from data_pipeline.text_index.header import Header
    from data_pipeline.text_index.index import DISTINCT, RANK_BY, TextIndex
    from data_pipeline.text_index.language import load_speaker
    from data_pipeline.text_index.questions import Question, ask

    question = Question.of(sentence)
    Header.read(folder).check_files(folder, whole=False)  # refused before a model is loaded
    speaker = load_speaker(model, dtype, device)
    index = TextIndex.load(folder, speaker.hash)
    how = DISTINCT[distinct == "word"], RANK_BY[rank_by == "percentile"]
    token, answers = ask(index, speaker.language, question, top_k, *how, memory)
    click.echo(f"Asked with the token {token!r}{question.note}")
    for answer in answers:
        if answer.rank == 1:
            click.echo(f"\nquery at text layer {answer.layer}")
        context = answer.context
        before, after = context.text[: context.char_start], context.text[context.char_end :]
        shown = f"{before}**{context.text[context.char_start : context.char_end]}**{after}"
        figures = f"{answer.score:6.3f}  {100 * answer.percentile:7.3f} %"
        click.echo(f"{figures}  layer {answer.text_layer:<3} {printable(shown)}")


def _check_output(output: Path) -> None:
    """Refuse a folder that holds something else than an index or one that is being built.

    Which index it holds is compared when the model is loaded; one that cannot be read is not replaced.
    """
    from data_pipeline.folders import check_output_folder
    from data_pipeline.text_index.header import HEADER_FILE, Header

    check_output_folder(output, "a text index")
    if output.is_dir() and any(output.iterdir()):
        if (output / HEADER_FILE).is_file():
            try:
                Header.read(output)
            except InputError as error:
                raise InputError(f"{error}; name another folder, nothing was written") from error
            return
        if (output / "building.json").is_file():
            return
        raise InputError(f"{output}: holds files that are not of a text index; nothing was written")


def _layers(text: str, num_layers: int) -> tuple[int, ...]:
    from data_pipeline.study import resolve_layers

    if text == "all":
        return resolve_layers("all", num_layers, "text layer", start=1)
    names = [name.strip() for name in (_STUDY_LAYERS if text == "study" else text).split(",")]
    choice: list[int | str] = [int(name) if name.isdecimal() else name for name in names]
    if wrong := [name for name in choice if isinstance(name, str) and not _is_from_the_end(name)]:
        raise InputError(
            f"--layers: {wrong[0]!r}, expected numbers from 0, or 'N', 'N-1', … for the last ones"
        )
    if text == "study":
        choice = [name for name in choice if isinstance(name, str) or name < num_layers]
        choice = [name for name in choice if isinstance(name, int) or num_layers > 2]
    return resolve_layers(tuple(choice), num_layers, "text layer")


def _is_from_the_end(name: str) -> bool:
    head, _, rest = name.partition("-")
    return head == "N" and (name == "N" or rest.isdecimal())

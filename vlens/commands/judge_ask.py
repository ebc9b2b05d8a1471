"""`vlens judge ask`: one page that asks a person what a judge is asked."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.judge_plan import layers_option, lenses_option, models_option, plan_option
from vlens.commands.options import COUNT, FOLDER


@click.command()
@click.argument("results", type=FOLDER)
@click.option(
    "--output", type=FOLDER, default=Path("ask.html"), show_default=True, help="Where the page goes."
)
@click.option("--overwrite", is_flag=True, help="Replace the page if it is there.")
@plan_option
@click.option("--annotator", default="", help="Who will answer.  [default: they say so on the page]")
@click.option("--patches", type=COUNT, help="Cells of each model: the first of its sample.  [default: all]")
@lenses_option
@layers_option
@models_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the questions' order.")
def command(
    results: Path,
    output: Path,
    overwrite: bool,
    plan: str | None,
    annotator: str,
    patches: int | None,
    lenses: tuple[str, ...],
    layers: tuple[str, ...],
    models: tuple[str, ...],
    seed: int,
) -> None:
    """Write a page that asks a person about the cells of a plan of RESULTS.

    The page is one file that works offline and asks nothing of a network. It shows the canvas, the patch and
    the words, never lens, layer or model; each different list of words at a patch is asked about once.
    Answers are saved as JSON, for "vlens judge import".
    """
    from data_pipeline.judges.answer_files import check_annotator
    from data_pipeline.judges.questions import (
        ASKED,
        MOST_QUESTIONS,
        RELATIONS,
        Choice,
        in_order,
        read_questions,
    )
    from data_pipeline.store import Results, write_atomically
    from generator.ask_page import Asked, AskedQuestion, ask_page
    from generator.database import Database
    from generator.input_checks import check_rows

    annotator = check_annotator(annotator)
    if output.is_dir():
        raise InputError(f"{output}: is a folder, expected a file for the page")
    if output.exists() and not overwrite:
        raise InputError(f"{output}: is there, and annotators may have it; name another file or --overwrite")
    opened = Results(results)
    questions = in_order(read_questions(opened, Choice(plan, patches, lenses, layers, models)), seed)
    if len(questions) > MOST_QUESTIONS:
        raise InputError(
            f"{results}: {len(questions):,} questions, expected at most {MOST_QUESTIONS:,}; choose with "
            "--patches, --lens, --layers or --only"
        )
    study = opened.manifest.study
    asked = Asked(
        study.study_id,
        study.title,
        questions[0].plan,
        annotator,
        ASKED,
        RELATIONS,
        [AskedQuestion(one.question_id, one.canvas_id, one.cell, one.words) for one in questions],
    )
    with Database(opened) as database:
        check_rows(database, opened)
        write_atomically(output, ask_page(database, asked).encode())
    lists = sum(len(question.lists) for question in questions)
    click.echo(f"{output}: {len(questions):,} questions for {lists:,} lists of candidates")
    click.echo(f"Open {output.resolve().as_uri()}")
    click.echo(f"Answers come back with: vlens judge import FILE --results {results}")

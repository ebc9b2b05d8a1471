"""`vlens judge import`: people's answers and published judgments, into tables of the contract."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.errors import InputError
from vlens.commands.options import FOLDER


@click.command()
@click.argument("files", metavar="FILE…", type=FOLDER, nargs=-1, required=True)
@click.option("--results", type=FOLDER, help="The results that the answers, or published shares, belong to.")
@click.option("--output", type=FOLDER, help="For a folder of published judgments: new results of their own.")
@click.option("--judge", help="Id of the person who answered.  [default: from the name in the file]")
@click.option("--replace", is_flag=True, help="Let answers take the place of stored ones that say otherwise.")
def command(
    files: tuple[Path, ...], results: Path | None, output: Path | None, judge: str | None, replace: bool
) -> None:
    """Read FILEs of answers that people saved from the page of "vlens judge ask" into --results.

    FILE may also be judge_scores.json, the published study's percentages, or, with --output, the folder
    with its judgments. Either all files are taken or none.
    """
    if (results is None) == (output is None):
        raise InputError(
            "expected --results RESULTS for answers, or --output NEW for a folder of published judgments"
        )
    if output is not None:
        _import_published(files, output, judge)
    elif results is not None:
        _import_into(results, files, judge, replace)


def _import_published(files: tuple[Path, ...], output: Path, judge: str | None) -> None:
    from data_pipeline.folders import check_output_folder, is_inside
    from data_pipeline.importers.published_judgments import import_published_judgments

    (folder, *others) = files
    if others or not folder.is_dir():
        raise InputError(f"{files[-1]}: expected one folder of published judgments, as --output was given")
    if judge:
        raise InputError("--judge: published judgments name their judges themselves")
    check_output_folder(output, "results")
    if is_inside(output, folder):
        raise InputError(f"{output}: lies in the folder that is read, expected another one for the results")
    for counts in import_published_judgments(folder, output):
        click.echo(
            f"{counts.lens}: {counts.of_model} verdicts of the LLM judge, {counts.of_people} answers of "
            f"people to {counts.answered} cells"
        )
    click.echo(f"Results in {output}; compare the judges with: vlens judge agree {output}")


def _import_into(results: Path, files: tuple[Path, ...], judge: str | None, replace: bool) -> None:
    from data_pipeline.importers.published_judgments import looks_like_scores, read_scores, store_scores
    from data_pipeline.judges.answer_files import answer_file, is_answer_file, read_json_file
    from data_pipeline.judges.people import import_answers
    from data_pipeline.store import Results

    opened = Results(results)
    model_ids = opened.read("models")["model_id"].to_pylist()
    answers, scores = [], []
    for path in files:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; published judgments become results with --output NEW")
        content = read_json_file(path)
        if is_answer_file(content) or not looks_like_scores(content):
            answers.append(answer_file(path, content))
            continue
        scores.append(read_scores(path, model_ids))
        if not scores[-1].models:
            raise InputError(f"{path}: has figures of none of the models of {results}")
    for person in import_answers(opened, answers, judge, replace) if answers else ():
        unsure = f", {person.skipped} of them without a verdict" if person.skipped else ""
        click.echo(f"{person.judge}: {person.answers} answers, {person.rows} judgments{unsure}")
    for found in scores:
        store_scores(results, found)
        click.echo(f"published shares: {found.rows.num_rows} figures of {', '.join(found.models)}")
        for reason in found.left_out:
            click.echo(f"  left out: {reason}")

"""`vlens judge run`: put a plan before a model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from data_pipeline.errors import InputError
from vlens.commands.judge_plan import layers_option, lenses_option, models_option, plan_option
from vlens.commands.options import COUNT, FOLDER

OUT_OF_BUDGET = 3
"""The exit code of a run that a budget ended."""
_PRICE = click.FloatRange(min=0)


def _json_object(_context: click.Context, _parameter: click.Parameter, value: str) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise click.BadParameter('expected a JSON object such as {"temperature": 0}')
    return found


@click.command()
@click.argument("results", type=FOLDER)
@click.option("--model", required=True, help="The model that judges, by the endpoint's name for it.")
@click.option("--base-url", help="The endpoint.  [default: https://api.openai.com/v1]")
@click.option(
    "--key-env",
    default="OPENAI_API_KEY",
    show_default=True,
    help="The environment variable with the key; endpoints of one's own network need none.",
)
@click.option("--judge", help="What this judge is called in the results.  [default: the model's name]")
@plan_option
@click.option("--patches", type=COUNT, help="Only the first so many cells of each model.")
@lenses_option
@layers_option
@models_option
@click.option(
    "--null", is_flag=True, help="Ask of another image's candidates as well, for chance: twice the cost."
)
@click.option("--concurrency", type=COUNT, default=8, show_default=True, help="Questions asked at once.")
@click.option("--requests-per-minute", type=click.FloatRange(min=0, min_open=True), help="At most so many.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds for an answer.",
)
@click.option("--price-in", type=_PRICE, help="Dollars per million tokens that go in.")
@click.option("--price-out", type=_PRICE, help="Dollars per million tokens that come out.")
@click.option("--budget", type=_PRICE, help="Dollars that this judge may cost, earlier runs included.")
@click.option(
    "--extra",
    default="{}",
    callback=_json_object,
    help='Goes into every request, such as {"temperature": 0}.',
)
@click.option(
    "--batch",
    is_flag=True,
    help="Send everything as batches, answered within a day; give the prices of batches with it.",
)
@click.option(
    "--poll",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="With --batch: seconds between two looks.",
)
@click.option("--estimate", is_flag=True, help="Say what it would cost and stop; nothing is sent.")
def command(
    results: Path,
    model: str,
    base_url: str | None,
    key_env: str,
    judge: str | None,
    plan: str | None,
    patches: int | None,
    lenses: tuple[str, ...],
    layers: tuple[str, ...],
    models: tuple[str, ...],
    null: bool,
    concurrency: int,
    requests_per_minute: float | None,
    timeout: float,
    price_in: float | None,
    price_out: float | None,
    budget: float | None,
    extra: dict[str, Any],
    batch: bool,
    poll: float,
    estimate: bool,
) -> int:
    """Ask a model about the cells of a plan of RESULTS.

    Answers are kept as they arrive: a run that was stopped goes on with the same command and pays nothing
    twice. Exit code 3: the budget is used up.
    """
    from data_pipeline.judges.endpoint import DEFAULT_URL, Address
    from data_pipeline.judges.judge_runs import JudgeRun
    from data_pipeline.judges.judging import Judging
    from data_pipeline.judges.questions import Choice
    from data_pipeline.judges.spending import Prices
    from vlens.progress import TerminalProgress

    reserved = {"model", "messages", "response_format", "stream", "n"} & set(extra)
    if reserved:
        raise InputError(f"--extra: {sorted(reserved)[0]!r} is set by V-Lens")
    wanted = JudgeRun(
        Address(model, base_url or DEFAULT_URL, key_env, timeout, extra),
        judge,
        Choice(plan, patches, lenses, layers, models),
        null,
        concurrency,
        requests_per_minute,
        Prices(price_in, price_out),
        budget,
        batch,
        poll,
        command=f"vlens judge run --model {model}",
    )
    with TerminalProgress() as progress:
        judging = Judging(results, wanted, progress)
        click.echo(judging.forecast().in_words())
        if estimate:
            return 0
        judged = judging.judge_all()
    _report(results, judged)
    return OUT_OF_BUDGET if judged.out_of_budget else 0


def _report(results: Path, judged: Any) -> None:
    money = f", ${judged.spent:,.2f} spent" if judged.spent else ""
    share = f"{judged.interpretable:,} of {judged.answered:,} interpretable"
    done = f"{judged.answered + judged.failed:,} of {judged.lists:,} lists judged"
    click.echo(f"Judge {judged.judge}: {done}; {share}, {judged.failed:,} failed{money}")
    if judged.out_of_budget:
        click.echo(f"The budget is used up; {judged.open:,} lists are open. More budget, and it goes on.")
    if not judged.written:
        click.echo(
            f"Another process is writing to {results}: the answers are kept, and the same command writes the "
            "verdicts once it has ended."
        )
    else:
        click.echo(f"Look at them with: vlens judge show {results}")

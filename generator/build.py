"""Results folder → site folder. `build_site` is the only function of this package that writes files."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from data_pipeline.errors import InputError
from data_pipeline.folders import check_output_folder, is_inside, kind_of
from data_pipeline.manifest import MANIFEST_NAME
from data_pipeline.progress import Progress, SilentProgress
from data_pipeline.store import Results, write_atomically
from generator.compare_page import can_compare, compare_page
from generator.database import Database
from generator.image_files import DataFiles
from generator.index_page import index_page
from generator.input_checks import check_rows
from generator.judge_page import has_judgments, judge_page
from generator.model_page import model_page
from generator.render import render
from generator.spool import Spool
from generator.study_context import (
    COMPARE_NAME,
    JUDGE_NAME,
    StudyContext,
    model_href,
    study_context,
    without_ablations,
)

MARKER = ".vlens-site"
"""Lists the files that V-Lens wrote into a site folder, one a line; only these are ever removed."""
DATA_FOLDER = "data"
IMAGES_IN_PAGE = 50
"""A page of more images would keep a reader waiting for what is not looked at."""
_MARKER_TITLE = "V-Lens site; the files below are rewritten by each build"


@dataclass(frozen=True)
class BuildReport:
    """What a build wrote."""

    output: Path
    pages: int
    data_files: int
    """Files that pages read their images' data from."""
    bytes: int
    """Size of the pages and their data files, without the downloadable Parquet."""
    data_bytes: int
    seconds: float


def build_site(
    results: Path,
    output: Path,
    progress: Progress | None = None,
    *,
    with_data: bool = True,
    ablations: bool = True,
    images_in_page: int = IMAGES_IN_PAGE,
) -> BuildReport:
    """Build the whole site of the results in `results` into `output`.

    Pages of an earlier build that are no longer part of the study are removed. `with_data` puts the Parquet
    files beside the pages, for readers who want the numbers; without `ablations`, models of that group are
    left out of the pages. A model with more than `images_in_page` images gets a data file for each of them
    beside its page, which then reads the files that it needs.

    Raises:
        InputError: the results cannot be read or break the contract, or `output` holds files that V-Lens did
            not write. Nothing of the earlier site is changed unless every page of the new one could be made.
    """
    started = time.perf_counter()
    progress = progress or SilentProgress()
    earlier = earlier_files(output, results)
    opened = Results(results)
    with _naming(results, output), Database(opened) as database, Spool(output) as site:
        check_rows(database, opened)
        context = study_context(database, opened)
        if not ablations:
            context = without_ablations(context, opened)
        compares, judged = can_compare(database, context), has_judgments(database, context)
        context = replace(context, compares=compares, has_judgments=judged)
        data = _data_files(opened) if with_data else {}
        _check_targets(output, [*_page_names(context), *data], earlier)
        with progress.stage("Pages", len(context.shown) + 1 + compares + judged) as stage:
            for name, text in _pages(
                database, opened, context, with_data, DataFiles(images_in_page, site.keep, {})
            ):
                site.add(name, text)
                stage.advance(int(name.endswith(".html")), name)
        _check_targets(output, [*site.sizes, *data], earlier)
        _write(output, site, data, earlier)
    pages = [name for name in site.sizes if name.endswith(".html")]
    return BuildReport(
        output,
        len(pages),
        len(site.sizes) - len(pages),
        sum(site.sizes.values()),
        sum(path.stat().st_size for path in data.values()),
        time.perf_counter() - started,
    )


@contextmanager
def _naming(results: Path, output: Path) -> Iterator[None]:
    """Begin what is said of rows with the folder that they are in; what names a file or the site stays."""
    try:
        yield
    except InputError as error:
        if str(error).startswith((str(results), str(output))):
            raise
        raise InputError(f"{results}: {error}") from error


def _pages(
    database: Database, results: Results, context: StudyContext, with_data: bool, files: DataFiles
) -> Iterator[tuple[str, str]]:
    for model in context.shown:
        page = model_page(database, context, model, files)
        yield model_href(model.model_id), render("model.html.jinja", page, "viewer")
    index = index_page(database, context, results, DATA_FOLDER if with_data else None)
    yield "index.html", render("index.html.jinja", index)
    if context.compares:
        compared = compare_page(database, context, files)
        yield COMPARE_NAME, render("compare.html.jinja", compared, "compare")
    if context.has_judgments:
        yield JUDGE_NAME, render("judge.html.jinja", judge_page(database, context, files), "judge")


def earlier_files(output: Path, results: Path) -> list[str]:
    """The files that an earlier build wrote into `output`; refuses a folder with anything else in it."""
    check_output_folder(output, "the site")
    if os.path.realpath(output) == os.path.realpath(results):
        raise InputError(f"{output}: holds the results, expected another folder for the site")
    if kind_of(results / MANIFEST_NAME) and is_inside(output, results):
        raise InputError(f"{output}: lies in the results, expected another folder for the site")
    marker = output / MARKER
    if marker.exists():
        return [name for name in _marker_lines(marker) if _stays_inside(name)]
    if output.is_dir() and any(output.iterdir()):
        raise InputError(f"{output}: holds files that are not a V-Lens site; nothing was written")
    return []


def _marker_lines(marker: Path) -> list[str]:
    try:
        title, *names = marker.read_text(encoding="utf-8").splitlines() or [""]
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(f"{marker}: cannot be read, expected the list of a site's files") from error
    if title != _MARKER_TITLE:
        raise InputError(
            f"{marker}: begins with {title[:80]!r}, expected {_MARKER_TITLE!r}; nothing was written"
        )
    return names


def _page_names(context: StudyContext) -> list[str]:
    return [*(model_href(model.model_id) for model in context.shown), "index.html"]


def _check_targets(output: Path, names: list[str], earlier: list[str]) -> None:
    """Refuse to write over what is in the way and was not written by an earlier build."""
    folders = {folder.as_posix() for name in names for folder in PurePosixPath(name).parents}
    if both := folders.intersection(names):
        raise InputError(f"{output / min(both)}: would have to be a file and a folder; nothing was written")
    for name in names:
        target = output / name
        if target.is_dir():
            raise InputError(f"{target}: is a folder, expected a file of the site; nothing was written")
        if name not in earlier and target.exists():
            raise InputError(f"{target}: is not of an earlier site; nothing was written")
        check_output_folder(target.parent, "the site")


def _stays_inside(name: str) -> bool:
    """Whether a line of the marker names a file in the site and nowhere else."""
    path = Path(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts


def _data_files(results: Results) -> dict[str, Path]:
    names = [MANIFEST_NAME, *sorted(results.manifest.parts)]
    return {f"{DATA_FOLDER}/{name}": results.folder / name for name in names}


def _write(output: Path, site: Spool, data: dict[str, Path], earlier: list[str]) -> None:
    """Write all files; the marker first, so that a build that is cut short can be built over."""
    names = sorted({*site.sizes, *data})
    output.mkdir(parents=True, exist_ok=True)
    _write_marker(output, sorted({*names, *earlier}))
    for name, content in site.contents():
        write_atomically(output / name, content)
    for name, source in data.items():
        _copy(source, output / name)
    for name in set(earlier) - set(names):
        (output / name).unlink(missing_ok=True)
        _remove_if_empty((output / name).parent, output)
    _write_marker(output, names)


def _write_marker(output: Path, names: list[str]) -> None:
    write_atomically(output / MARKER, "\n".join([_MARKER_TITLE, *names, ""]).encode())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".partial")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def _remove_if_empty(folder: Path, output: Path) -> None:
    while folder != output and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent

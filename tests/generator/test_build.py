"""Building a site: what it writes, what it refuses, and what it leaves alone."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markupsafe import Markup

from data_pipeline.errors import InputError
from data_pipeline.manifest import Manifest
from data_pipeline.store import Results, ResultsWriter
from generator.build import MARKER, build_site
from generator.database import Database
from generator.index_page import index_page
from generator.render import render
from generator.study_context import study_context
from tests.generator import tiny_study as tiny


@pytest.fixture(scope="module")
def site(tiny_study_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("build") / "site"
    build_site(tiny_study_folder, output)
    return output


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


class _Elements(HTMLParser):
    """Start tags with their attributes, and the text inside script and style elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: tuple[str, dict[str, str | None]] = ("", {})
        self.inline: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = (tag, dict(attrs))
        self.tags.append(self._open)

    def handle_endtag(self, tag: str) -> None:
        self._open = ("", {})

    def handle_data(self, data: str) -> None:
        tag, attributes = self._open
        if tag in ("script", "style"):
            self.inline.append((tag, attributes, data))


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_there_is_an_index_and_a_page_for_every_model(site: Path) -> None:
    names = {path.relative_to(site).as_posix() for path in pages(site)}
    assert names == {
        "index.html",
        "compare.html",
        "judge.html",
        *(f"models/{model.model_id}.html" for model in tiny.MODELS),
    }


def test_the_parquet_lies_beside_the_pages_and_every_local_link_leads_somewhere(
    site: Path, tiny_study_folder: Path
) -> None:
    for name, content in contents(tiny_study_folder).items():
        assert (site / "data" / name).read_bytes() == content
    for page in pages(site):
        for tag, attributes in _Elements(page.read_text(encoding="utf-8")).tags:
            if tag == "a" and (href := attributes.get("href")) and not href.startswith("#"):
                assert (page.parent / href.partition("#")[0]).is_file(), f"{page.name} links to {href}"


def test_hostile_text_makes_no_element_and_no_attribute(site: Path) -> None:
    for page in pages(site):
        elements = _Elements(page.read_text(encoding="utf-8"))
        tags = [tag for tag, _ in elements.tags]
        assert not {"i", "iframe"} & set(tags)
        assert not [text for tag, _, text in elements.inline if tag == "script" and text.startswith("alert")]
        for tag, attributes in elements.tags:
            assert not [name for name in attributes if name.startswith("on")], (
                f"{page.name}: {tag} {attributes}"
            )
            assert "style" not in attributes, (
                f"{page.name}: {tag} has a style attribute, which the policy forbids"
            )


def test_data_is_never_read_as_a_template(site: Path) -> None:
    assert "{{ 7 * 7 }}" in (site / "index.html").read_text(encoding="utf-8")


def test_the_policy_allows_the_pages_own_scripts_and_styles_and_nothing_else(site: Path) -> None:
    for page in pages(site):
        elements = _Elements(page.read_text(encoding="utf-8"))
        policy, own_scripts = _policies_of(elements)
        # A script has to pass both policies, so this one allows nothing that the first forbids.
        assert own_scripts == "script-src 'self' file: data: 'unsafe-inline'"
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        for tag, attributes, text in elements.inline:
            if attributes.get("type") in ("application/json", "text/plain"):
                continue
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            nonce = attributes.get("nonce")
            assert f"'sha256-{digest}'" in policy or (nonce and f"'nonce-{nonce}'" in policy), (
                f"{page.name}: {tag}"
            )
        hashed = [tag for tag, attributes, _ in elements.inline if not attributes]
        packed = sum(attributes.get("id") == "modules" for _, attributes, _ in elements.inline)
        assert policy.count("'sha256-") == len(hashed) + packed  # the styles that the start script adds


@pytest.mark.parametrize("element", ["<script>alert(1)</script>", "<style>* { color: red }</style>"])
def test_what_came_in_by_data_is_not_allowed_by_being_in_the_page(
    tiny_database: Database, tiny_study_folder: Path, element: str
) -> None:
    """Even if escaping failed (`Markup` stands for that), the policy is that of the page without it."""
    results = Results(tiny_study_folder)
    page = index_page(tiny_database, study_context(tiny_database, results), results, None)
    tainted = replace(page, study_title=Markup(element))  # noqa: S704
    before, after = (_Elements(render("index.html.jinja", one)) for one in (page, tainted))
    assert len(after.inline) == len(before.inline) + 1
    assert _policies_of(after) == _policies_of(before)


def _policies_of(elements: _Elements) -> list[str]:
    policies = [a["content"] or "" for tag, a in elements.tags if tag == "meta" and a.get("http-equiv")]
    assert len(policies) == 2
    return policies


def test_pages_name_no_other_host(site: Path) -> None:
    for page in pages(site):
        for tag, attributes in _Elements(page.read_text(encoding="utf-8")).tags:
            for name in ("src", "href", "action", "srcset", "data"):
                value = attributes.get(name) or ""
                assert not value.startswith(("http:", "https:", "//")), f"{page.name}: {tag} {name}={value}"


def test_equal_results_give_equal_bytes(site: Path, tiny_study_folder: Path, tmp_path: Path) -> None:
    build_site(tiny_study_folder, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(site)


def test_a_second_build_replaces_the_first_and_removes_what_is_gone(
    tiny_results: Path, tmp_path: Path
) -> None:
    output = tmp_path / "site"
    build_site(tiny_results, output)
    report = build_site(tiny_results, output, with_data=False)
    assert not (output / "data").exists()
    assert report.data_bytes == 0
    assert report.pages == len(pages(output)) == 9
    site_files = {name: content for name, content in contents(output).items() if name != MARKER}
    assert report.bytes == sum(map(len, site_files.values()))
    assert "data/manifest.json" not in (output / "index.html").read_text(encoding="utf-8")
    assert sorted((output / MARKER).read_text(encoding="utf-8").splitlines()[1:]) == sorted(site_files)


def test_a_readers_own_file_in_the_site_stays(tiny_results: Path, tmp_path: Path) -> None:
    output = tmp_path / "site"
    build_site(tiny_results, output)
    (output / "CNAME").write_text("example.org", encoding="utf-8")
    build_site(tiny_results, output)
    assert (output / "CNAME").read_text(encoding="utf-8") == "example.org"


def test_a_marker_cannot_make_the_build_remove_files_outside(tiny_results: Path, tmp_path: Path) -> None:
    output, outside = tmp_path / "site", tmp_path / "precious.txt"
    outside.write_text("mine", encoding="utf-8")
    build_site(tiny_results, output)
    with (output / MARKER).open("a", encoding="utf-8") as marker:
        marker.write(f"../precious.txt\n{outside}\n")
    build_site(tiny_results, output)
    assert outside.read_text(encoding="utf-8") == "mine"


def test_somebodys_folder_is_left_alone(tiny_results: Path, tmp_path: Path) -> None:
    output = tmp_path / "thesis"
    output.mkdir()
    (output / "chapter.tex").write_text("words", encoding="utf-8")
    with pytest.raises(InputError, match="thesis: holds files that are not a V-Lens site"):
        build_site(tiny_results, output)
    assert [path.name for path in output.iterdir()] == ["chapter.tex"]


def test_a_file_or_the_results_themselves_are_no_output(tiny_results: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is a file, expected a folder"):
        build_site(tiny_results, file)
    with pytest.raises(InputError, match="holds"):
        build_site(tiny_results, tiny_results)


def test_an_empty_folder_is_fine(tiny_results: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    assert build_site(tiny_results, tmp_path / "site").pages == 9


def _written(tmp_path: Path, **rows: object) -> Path:
    """A study of one model, with the tables in `rows` replaced."""
    model = tiny.MODELS[0]
    tables = {
        "models": [row for row in tiny.model_rows() if row["model_id"] == model.model_id],
        "images": tiny.image_rows(),
        "canvases": tiny.canvas_rows(),
        "samples": tiny.sample_rows(model),
        "contexts": tiny.context_rows(model.llm),
        "neighbors": tiny.neighbor_rows(model, "contextual"),
    } | rows
    manifest = tiny.tiny_manifest()
    study = Manifest(
        manifest.study, [entry for entry in manifest.expected if entry.model_id == model.model_id]
    )
    writer = ResultsWriter(tmp_path / "results", study)
    for name, content in tables.items():
        if content:
            writer.write_part(f"{name}/{name}.parquet", tiny._table(name, content))  # type: ignore[arg-type]
    return tmp_path / "results"


def test_a_partial_study_builds_and_says_what_is_absent(tmp_path: Path) -> None:
    build_site(_written(tmp_path), tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "Input Embedding Matrix, LogitLens" in index
    assert "not in the results, and the manifest does not say why" in index
    assert "Nothing was judged" in index


def test_a_model_without_samples_has_no_page_and_no_link(tmp_path: Path) -> None:
    build_site(_written(tmp_path, samples=[], neighbors=[]), tmp_path / "site")
    assert [path.name for path in pages(tmp_path / "site")] == ["index.html"]
    assert "No results yet" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("model_id", ["../escape", "<script>", "a/b", "", "C:", "..", "a" * 200])
def test_a_model_id_that_cannot_name_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_id: str
) -> None:
    """Results by a writer that checks nothing are met with the same rule."""
    monkeypatch.setattr("data_pipeline.store.conform", lambda name, table: table)
    rows = [{**tiny.model_rows()[0], "model_id": model_id}]
    with pytest.raises(InputError, match="model id"):
        build_site(_written(tmp_path, models=rows), tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_two_ids_that_name_one_file_are_refused(tmp_path: Path) -> None:
    row = tiny.model_rows()[0]
    rows = [row, {**row, "model_id": row["model_id"].upper()}]
    with pytest.raises(InputError, match="there twice"):
        build_site(_written(tmp_path, models=rows), tmp_path / "site")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"media_type": 'image/png" onload="alert(1)'}, "expected one of image/png"),
        ({"rows": 0}, "rows is 0 at canvas"),
        ({"rows": 1}, "outside its grid of 1 × 3 cells"),
    ],
)
def test_a_canvas_that_cannot_be_shown_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    rows = [{**row, **change} for row in tiny.canvas_rows()]
    with pytest.raises(InputError, match=re.escape(message)):
        build_site(_written(tmp_path, canvases=rows), tmp_path / "site")


def test_a_canvas_that_is_no_picture_is_named(tmp_path: Path) -> None:
    rows = [{**row, "bytes": b"not a picture"} for row in tiny.canvas_rows()]
    with pytest.raises(InputError, match="canvas of image 'scene-0' cannot be read as image/png"):
        build_site(_written(tmp_path, canvases=rows), tmp_path / "site")


def test_neighbours_whose_sentences_are_not_written_yet_are_shown_and_counted(tmp_path: Path) -> None:
    known = tiny.context_rows("Alpha")[:3]
    build_site(_written(tmp_path, contexts=known), tmp_path / "site")
    ids = {row["context_id"] for row in known}
    lost = sum(row["context_id"] not in ids for row in tiny.neighbor_rows(tiny.MODELS[0], "contextual"))
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert f"{lost}\u00a0neighbours without a sentence" in index


def test_no_models_no_site(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="table models is empty"):
        build_site(_written(tmp_path, models=[]), tmp_path / "site")


def test_a_damaged_file_stops_the_build_before_anything_is_written(
    tiny_results: Path, tmp_path: Path
) -> None:
    output = tmp_path / "site"
    build_site(tiny_results, output)
    before = contents(output)
    victim = tiny_results / "neighbors" / "beta-wide" / "logit.parquet"
    content = bytearray(victim.read_bytes())
    content[40:400] = b"\xff" * 360  # same size, whole footer: only reading it tells
    victim.write_bytes(content)
    with pytest.raises(InputError) as error:
        build_site(tiny_results, output)
    assert str(error.value).startswith(f"{victim}: cannot be read")
    assert "\n" not in str(error.value)
    assert contents(output) == before


def test_many_images_lie_in_files_of_their_own(tiny_results: Path, tmp_path: Path) -> None:
    output = tmp_path / "site"
    report = build_site(tiny_results, output, images_in_page=1)
    files = sorted(path.relative_to(output).as_posix() for path in output.rglob("*.js"))
    of_judges = [name for name in files if name.startswith("judge/")]
    of_images = [name for name in files if name.startswith("models/")]
    assert of_images == sorted(
        f"models/{model.model_id}/0000{place}.js" for model in tiny.MODELS for place in (1, 2)
    )
    assert of_judges == ["judge/00001.js", "judge/00002.js"]
    assert len(files) - len(of_images) - len(of_judges) == len(tiny.canvas_rows())
    assert report.data_files == len(files)
    assert set(files) <= set((output / MARKER).read_text(encoding="utf-8").splitlines())
    page = (output / "models" / "alpha-wide.html").read_text(encoding="utf-8")
    assert "payload-" not in page and 'id="thumbnail-1"' in page
    build_site(tiny_results, output)
    assert not list(output.glob("models/*/"))
    assert 'id="payload-shared"' in (output / "models" / "alpha-wide.html").read_text(encoding="utf-8")


def test_an_id_cannot_make_one_path_a_file_and_a_folder(tmp_path: Path) -> None:
    row = tiny.model_rows()[0]
    rows = [row, {**row, "model_id": row["model_id"] + ".html"}]
    samples = tiny.sample_rows(tiny.MODELS[0])
    more = [{**sample, "model_id": row["model_id"] + ".html"} for sample in samples]
    results = _written(tmp_path / "both", models=rows, samples=[*samples, *more])
    build_site(results, tmp_path / "site")
    with pytest.raises(InputError, match="a file and a folder; nothing was written"):
        build_site(results, tmp_path / "files", images_in_page=0)
    assert not (tmp_path / "files").exists()

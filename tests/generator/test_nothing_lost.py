"""Whatever the published files say of a cell can be read back from the built page, by the page's own decoder.

The JSON is read here without the importer, so that import, build and decoder are held to it together.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.importers.vlens_json import import_vlens_json
from data_pipeline.progress import SilentProgress
from generator.build import build_site
from tests.data_pipeline import published_folder as published
from tests.generator.test_pictures import same_picture

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "vlens_results"
LIST_KEYS = {
    "embedding": ("nearest_neighbors", "token", "similarity"),
    "logit": ("top_predictions", "token", "logit"),
    "contextual": ("nearest_contextual_neighbors", "token_str", "similarity"),
}
HALF_OF_THE_THIRD_DECIMAL = 0.0005
PUBLISHED_BYTES_AN_IMAGE = 3.71e6

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def pages_of(folder: Path, target: Path) -> dict[str, dict[str, Any]]:
    """Import and build `folder`; what node reads in each model's page, by the page's path."""
    import_vlens_json(folder, target / "results")
    build_site(target / "results", target / "site", SilentProgress())
    return {path.stem: _read(path) for path in (target / "site" / "models").glob("*.html")}


def _read(page: Path) -> dict[str, Any]:
    run = subprocess.run(
        ["node", "tests/generator/read_page.js", str(page)], cwd=ROOT, capture_output=True, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    content: dict[str, Any] = json.loads(run.stdout)
    return content


def source_lists(path: Path, lens: str) -> dict[int, list[list[dict[str, Any]]]]:
    """Entries of one published file, of either shape: by image number and cell."""
    content = json.loads(path.read_text(encoding="utf-8"))
    images = content["splits"]["validation"]["images"] if "splits" in content else content["results"]
    lists = {}
    for image in images:
        patches = image["chunks"][0]["patches"] if "chunks" in image else image["patches"]
        patches = sorted(patches, key=lambda patch: patch["patch_idx"])
        lists[image["image_idx"]] = [patch[LIST_KEYS[lens][0]] for patch in patches]
    return lists


def check_page(folder: Path, page: dict[str, Any], layers: list[int], file_of: Any) -> int:
    """Compare one page with its source files; returns how many entries were compared."""
    compared = 0
    assert page["layers"] == layers
    numbers = [int(image["id"].rsplit("_", 1)[1]) for image in page["images"]]
    for lens in published.LENSES:
        for place, layer in enumerate(layers):
            source = source_lists(file_of(folder, lens, layer), lens)
            assert sorted(source) == numbers
            for image, number in enumerate(numbers):
                shown = page["lists"][lens][image][place]
                assert len(shown) == len(source[number])
                for entries, expected in zip(shown, source[number], strict=True):
                    check_list(entries, expected, lens)
                    compared += len(entries)
    return compared


def check_list(shown: list[list[Any]], expected: list[dict[str, Any]], lens: str) -> None:
    """One cell: every entry in its place, with everything that the file says of it."""
    _, token_key, score_key = LIST_KEYS[lens]
    assert len(shown) == len(expected)
    for (token, token_id, score, text_layer, text, start, end), entry in zip(shown, expected, strict=True):
        assert token == entry[token_key]
        assert token_id == entry.get("token_id")
        assert score == pytest.approx(entry[score_key], rel=0, abs=HALF_OF_THE_THIRD_DECIMAL + 1e-5)
        assert text_layer == entry.get("contextual_layer")
        assert text == entry.get("caption")
        if start is not None:
            assert text[start:end] == (token.strip() or token)
            assert text.find(token) == text.rfind(token)


def check_canvases(folder: Path, page: dict[str, Any], grid: tuple[int, int]) -> None:
    for image in page["images"]:
        assert (image["rows"], image["cols"]) == grid
        picture = (folder / "images" / f"{image['id']}.jpg").read_bytes()
        assert same_picture(base64.b64decode(image["canvas"]), picture)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder = published.write_published(tmp_path_factory.mktemp("small") / "published", images=3)
    return folder, pages_of(folder, folder.parent)


@pytest.mark.parametrize(
    ("model_id", "file_of", "grid"),
    [
        (published.FLAT_ID, published.flat_file, (2, 3)),
        (published.CHUNKED_ID, published.chunked_file, (2, 2)),
    ],
)
def test_a_small_folder_is_in_its_pages_whole(
    small: tuple[Path, dict[str, dict[str, Any]]], model_id: str, file_of: Any, grid: tuple[int, int]
) -> None:
    folder, pages = small
    assert set(pages) == {published.FLAT_ID, published.CHUNKED_ID}
    cells = grid[0] * grid[1]
    assert check_page(folder, pages[model_id], [0, 2], file_of) == 3 * 2 * 3 * cells * published.TOP_K
    check_canvases(folder, pages[model_id], grid)


def test_captions_are_in_the_page(small: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    _, pages = small
    captions = [image["caption"] for image in pages[published.FLAT_ID]["images"]]
    assert captions == ["Picture 0.", "Picture 1.", "Picture 2."]


def test_a_wrong_entry_would_be_noticed() -> None:
    entry = {"token": " a", "logit": 1.2344}
    check_list([[" a", None, 1.234, None, None, None, None]], [entry], "logit")
    for wrong in (
        ["a", None, 1.234, None, None, None, None],
        [" a", 3, 1.234, None, None, None, None],
        [" a", None, 1.235, None, None, None, None],
    ):
        with pytest.raises(AssertionError):
            check_list([wrong], [entry], "logit")


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/vlens_results is not here")
def test_the_published_molmo_results_are_in_their_page_whole_at_a_25th_of_its_bytes(
    tmp_path: Path,
) -> None:
    pages = pages_of(REAL, tmp_path)
    layers = [0, 1, 2, 4, 8, 16, 24, 26, 27]
    (file,) = (tmp_path / "site").rglob(f"{published.FLAT_ID}.html")
    assert file.stat().st_size <= 5 * PUBLISHED_BYTES_AN_IMAGE / 25
    page = pages[published.FLAT_ID]
    assert check_page(REAL, page, layers, published.flat_file) == 3 * 9 * 5 * 144 * 5
    check_canvases(REAL, page, (12, 12))
    assert (
        check_page(REAL, pages[published.CHUNKED_ID], [0, 1], published.chunked_file) == 3 * 2 * 2 * 144 * 5
    )

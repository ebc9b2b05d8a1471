import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_pipeline.framing import RESIZE_MODES, Framing
from data_pipeline.images import Canvas, Grid, decode, map_box, overlap


def gradient(width: int, height: int) -> Image.Image:
    """A picture whose red says x and whose green says y."""
    x = np.linspace(0, 255, width).round().astype(np.uint8)
    y = np.linspace(0, 255, height).round().astype(np.uint8)
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = x[None, :], y[:, None]
    return Image.fromarray(pixels)


@pytest.mark.parametrize("patch", [14, 16, 28, 32, 56])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (8, 8), (6, 10), (27, 27), (3, 40)])
def test_cells_cover_their_grid_once_row_by_row(patch: int, rows: int, cols: int) -> None:
    grid = Grid(rows, cols, patch, patch, x=5, y=3)
    covered = np.full((3 + rows * patch + 2, 5 + cols * patch + 2), -1)
    for cell in range(grid.cells):
        left, top, right, bottom = (round(edge) for edge in grid.box(cell))
        assert (covered[top:bottom, left:right] == -1).all()
        covered[top:bottom, left:right] = cell
    expected = np.arange(rows * cols).reshape(rows, cols).repeat(patch, 0).repeat(patch, 1)
    assert (covered[3:-2, 5:-2] == expected).all()
    assert (covered >= 0).sum() == expected.size


def test_cells_go_along_rows_of_a_grid_that_is_not_square() -> None:
    grid = Grid(rows=2, cols=3, cell_width=10, cell_height=20)
    assert grid.box(2) == (20, 0, 30, 20)
    assert grid.box(3) == (0, 20, 10, 40)
    with pytest.raises(IndexError):
        grid.box(6)


@pytest.mark.parametrize("mode", RESIZE_MODES)
@given(width=st.integers(60, 150), height=st.integers(60, 150))
def test_affine_map_finds_a_source_point_on_the_canvas(mode, width: int, height: int) -> None:
    canvas = Framing(84, 56, 14, 14, mode, "bilinear").canvas(gradient(width, height))
    assert (canvas.height, canvas.width) == (56, 84)
    assert (canvas.grid.rows, canvas.grid.cols) == (4, 6)
    left, top, right, bottom = map_box(canvas.affine, (0, 0, width, height))
    assert canvas.source_box == pytest.approx((left, top, right, bottom))
    for x, y in [(42, 28), (40, 31)]:  # points that every mode covers
        red, green, _ = canvas.pixels[y, x].astype(float)
        share_x, share_y = (x + 0.5 - left) / (right - left), (y + 0.5 - top) / (bottom - top)
        tolerance = 4 + 1.5 * 255 / min(right - left, bottom - top)
        assert red == pytest.approx(255 * share_x, abs=tolerance)
        assert green == pytest.approx(255 * share_y, abs=tolerance)


def test_padding_is_the_share_of_each_cell_outside_the_source() -> None:
    canvas = Framing(56, 56, 14, 14, "pad", "bilinear").canvas(Image.new("RGB", (100, 50), "red"))
    # 100 x 50 becomes 56 x 28, from y = 14 to y = 42: the first and last rows of cells are padding.
    assert canvas.padding == (1.0,) * 4 + (0.0,) * 8 + (1.0,) * 4
    assert not canvas.pixels[:14].any()
    assert (canvas.pixels[14:42] == [255, 0, 0]).all()
    half = Framing(56, 56, 28, 28, "pad", "bilinear").canvas(Image.new("RGB", (100, 50), "red"))
    assert half.padding == (0.5,) * 4


def test_center_crop_fills_the_canvas_and_keeps_the_middle() -> None:
    canvas = Framing(40, 40, 10, 10, "center-crop", "bilinear").canvas(gradient(200, 100))
    assert canvas.affine == (0.4, 0.0, -20.0, 0.0, 0.4, 0.0)
    assert set(canvas.padding) == {0.0}
    assert canvas.pixels[20, 0, 0] == pytest.approx(255 / 4, abs=4)


def test_interpolations_differ_where_they_should() -> None:
    stripes = Image.fromarray(np.tile(np.array([0, 255] * 32, np.uint8)[None, :, None], (64, 1, 3)))
    soft = Framing(16, 16, 4, 4, "squash", "bilinear").canvas(stripes)
    sharp = Framing(16, 16, 4, 4, "squash", "bilinear-no-antialias").canvas(stripes)
    assert np.ptp(soft.pixels[:, 3:-3]) <= 2
    assert soft.recipe != sharp.recipe
    assert not np.array_equal(soft.pixels, sharp.pixels) or np.ptp(sharp.pixels) == 0


def test_grid_ignores_a_remainder_that_no_patch_covers() -> None:
    grid = Framing(384, 384, 14, 14).grid
    assert (grid.rows, grid.cols) == (27, 27)


def test_encoding_loses_nothing() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (28, 42, 3), dtype=np.uint8)
    canvas = Canvas(noise, Grid(2, 3, 14, 14), "test")
    media_type, content = canvas.encode()
    assert media_type == "image/webp"
    assert np.array_equal(decode(content), noise)


def test_canvas_id_changes_with_pixels_image_and_geometry() -> None:
    pixels = np.zeros((28, 28, 3), np.uint8)
    canvas = Canvas(pixels, Grid(2, 2, 14, 14), "test")
    other = pixels.copy()
    other[0, 0, 0] = 1
    ids = {
        canvas.canvas_id("a"),
        canvas.canvas_id("b"),
        Canvas(other, Grid(2, 2, 14, 14), "test").canvas_id("a"),
        Canvas(pixels, Grid(1, 1, 28, 28), "test").canvas_id("a"),
        Canvas(pixels, Grid(2, 2, 14, 14), "other").canvas_id("a"),
    }
    assert len(ids) == 5
    assert canvas.canvas_id("a") == Canvas(pixels.copy(), Grid(2, 2, 14, 14), "test").canvas_id("a")


def test_a_grid_must_fit_its_canvas() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Canvas(np.zeros((28, 28, 3), np.uint8), Grid(2, 3, 14, 14), "test")


def test_overlap_of_boxes() -> None:
    assert overlap((0, 0, 10, 10), (5, 5, 20, 20)) == 25
    assert overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0

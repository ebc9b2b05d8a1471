"""Intervals against figures worked out elsewhere."""

from __future__ import annotations

import pytest

from generator.intervals import Share, paired_difference


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (8, 10, 0.49016, 0.94331),
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        (1, 1, 0.20655, 1.0),
        (70, 100, 0.60415, 0.78106),
    ],
)
def test_the_wilson_interval_has_its_published_values(
    count: int, total: int, low: float, high: float
) -> None:
    assert Share(count, total).interval == pytest.approx((low, high), abs=2e-5)


@pytest.mark.parametrize(("count", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        Share(count, total)


def test_a_model_does_not_differ_from_itself() -> None:
    counts = {"a": (3, 10), "b": (9, 10), "c": (0, 10)}
    difference = paired_difference(counts, counts, "key")
    assert difference is not None
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert not difference.is_clear


def test_pairing_by_image_removes_what_images_have_in_common() -> None:
    baseline = {f"image-{place}": (place * 10, 100) for place in range(10)}
    model = {image: (count + 5, total) for image, (count, total) in baseline.items()}
    difference = paired_difference(model, baseline, "key")
    assert difference is not None
    assert (difference.value, difference.low, difference.high) == pytest.approx((0.05, 0.05, 0.05))
    assert difference.is_clear
    assert difference.images == 10


def test_the_interval_is_about_two_standard_errors_of_the_mean_difference() -> None:
    baseline = {f"image-{place}": (50, 100) for place in range(50)}
    model = {f"image-{place}": (60 if place % 2 else 40, 100) for place in range(50)}
    difference = paired_difference(model, baseline, "key")
    assert difference is not None
    assert difference.value == pytest.approx(0)
    standard_error = 0.1 / 50**0.5
    assert difference.high == pytest.approx(1.96 * standard_error, rel=0.15)
    assert difference.low == pytest.approx(-1.96 * standard_error, rel=0.15)


def test_draws_depend_on_the_key_only() -> None:
    model, baseline = {"a": (1, 4), "b": (4, 4), "c": (2, 4)}, {"a": (2, 4), "b": (1, 4), "c": (2, 4)}
    assert paired_difference(model, baseline, "x") == paired_difference(model, baseline, "x")
    reordered = dict(reversed(model.items()))
    assert paired_difference(model, baseline, "x") == paired_difference(reordered, baseline, "x")


def test_only_images_that_both_models_have_count() -> None:
    assert paired_difference({"a": (1, 2), "b": (1, 2)}, {"b": (1, 2), "c": (1, 2)}, "key") is None
    difference = paired_difference(
        {"a": (1, 2), "b": (1, 2), "x": (2, 2)}, {"a": (1, 2), "b": (1, 2), "y": (0, 2)}
    )
    assert difference is not None
    assert (difference.value, difference.images) == (0, 2)

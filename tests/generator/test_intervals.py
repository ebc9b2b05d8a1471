"""Intervals against figures worked out elsewhere."""

from __future__ import annotations

import pytest

from generator.intervals import (
    Difference,
    Share,
    Tallies,
    Tally,
    decimals_of,
    interval_text,
    paired_difference,
    share,
    share_above_chance,
)


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


def tallies(**shares: tuple[int, int] | tuple[int, int, int, int]) -> Tallies:
    return {image: Tally(*counts) for image, counts in shares.items()}


def even(count: int, *hits: int, chance: int = 20) -> Tallies:
    """So many images of 100 cells and 100 trials; `hits` are taken in turn."""
    return {f"image-{place:02}": Tally(hits[place % len(hits)], 100, chance, 100) for place in range(count)}


def difference(model: Tallies, baseline: Tallies, *key: object) -> Difference:
    found = paired_difference(share, model, baseline, *key)
    assert found is not None
    return found


def test_a_model_does_not_differ_from_itself() -> None:
    counts = even(6, 30, 90, 0)
    found = difference(counts, counts, "key")
    assert (found.value, found.interval) == (0, (0, 0))
    assert not found.is_clear


def test_pairing_by_image_removes_what_images_have_in_common() -> None:
    found = difference(even(10, 15, 95, 55, 25), even(10, 10, 90, 50, 20), "key")
    assert found.value == pytest.approx(0.05)
    assert found.interval == pytest.approx((0.05, 0.05))
    assert found.is_clear
    assert found.images == 10


def test_the_interval_is_about_two_standard_errors_of_the_mean_difference() -> None:
    found = difference(even(50, 40, 60), even(50, 50), "key")
    assert found.value == pytest.approx(0)
    standard_error = 0.1 / 50**0.5
    assert found.interval == pytest.approx((-1.96 * standard_error, 1.96 * standard_error), rel=0.15)


def test_draws_depend_on_the_key_only() -> None:
    model, baseline = even(8, 30, 70, 50), even(8, 60, 20)
    assert difference(model, baseline, "x") == difference(model, baseline, "x")
    assert difference(model, baseline, "x") != difference(model, baseline, "y")
    assert difference(model, baseline, "x") == difference(dict(reversed(model.items())), baseline, "x")


def test_only_images_that_both_models_have_count() -> None:
    assert paired_difference(share, tallies(a=(1, 2)), tallies(b=(1, 2)), "key") is None
    model, baseline = tallies(a=(1, 2), b=(1, 2), x=(2, 2)), tallies(a=(1, 2), b=(1, 2), y=(0, 2))
    assert (difference(model, baseline).value, difference(model, baseline).images) == (0, 2)


@pytest.mark.parametrize(("images", "has_interval"), [(1, False), (5, False), (6, True)])
def test_a_handful_of_images_has_no_interval_and_is_never_clear(images: int, has_interval: bool) -> None:
    found = difference(even(images, 90), even(images, 10), "key")
    assert found.value == pytest.approx(0.8)
    assert (found.interval is not None) == found.is_clear == has_interval


def test_words_that_fit_any_image_raise_the_share_but_not_the_share_above_chance() -> None:
    model, baseline = even(10, 60, 80, chance=50), even(10, 40, 60, chance=30)
    assert difference(model, baseline, "key").value == pytest.approx(0.2)
    above = paired_difference(share_above_chance, model, baseline, "key")
    assert above is not None
    assert above.value == pytest.approx(0)
    assert above.interval == pytest.approx((0, 0))
    assert not above.is_clear


def test_a_share_above_an_unknown_chance_is_unknown() -> None:
    untried = {image: Tally(tally.hits, tally.cells) for image, tally in even(10, 60).items()}
    assert paired_difference(share_above_chance, untried, even(10, 40), "key") is None
    assert paired_difference(share, untried, even(10, 40), "key") is not None
    assert untried["image-00"].chance is None


def test_a_share_that_is_not_all_does_not_read_as_all() -> None:
    assert interval_text(Share(1790, 1792)) == "99.59–99.97"
    assert interval_text(Share(1784, 1792)) == "99.1–99.8"
    assert interval_text(Share(2, 1792)) == "0.03–0.41"
    assert interval_text(Share(82, 100)) == "73–88"
    assert interval_text(Share(1000, 1000)) == "99.6–100"
    assert interval_text(Share(10, 10), " to ") == "72 to 100"
    assert interval_text(Share(5000, 1_000_000)) == "0.49–0.51"
    assert [decimals_of(rate) for rate in (0.0, 1.0, 0.5, 0.001, 0.9996, 1e-9)] == [0, 0, 0, 1, 2, 0]

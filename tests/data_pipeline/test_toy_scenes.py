"""The drawn scenes: reproducible, and their regions exact."""

from __future__ import annotations

import numpy as np
import pytest

from data_pipeline.toy.captions import caption, first_sentence, top_or_bottom
from data_pipeline.toy.drawing import SOURCE_PIXELS, draw, regions
from data_pipeline.toy.pictures import GRID, cell_contents, cell_words
from data_pipeline.toy.scenes import SPLITS, Scene, make_scene
from data_pipeline.toy.vocabulary import COLOURS, SPLIT_WORDS, THINGS, all_words


def _scenes(count: int) -> list[Scene]:
    return [make_scene(5, "tune", index) for index in range(count)]


def test_a_scene_does_not_depend_on_the_order_of_calls() -> None:
    forwards = [make_scene(5, split, index) for split in SPLITS for index in range(5)]
    backwards = [make_scene(5, split, index) for split in reversed(SPLITS) for index in reversed(range(5))]
    assert forwards == backwards[::-1]
    assert len(set(forwards)) == len(forwards)


def test_a_picture_and_its_caption_are_the_same_each_time() -> None:
    scene = make_scene(5, "report", 3)
    assert draw(scene).image.tobytes() == draw(scene).image.tobytes()
    assert caption(scene) == caption(make_scene(5, "report", 3))


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="train, tune, report"):
        make_scene(5, "test", 0)


def test_things_stand_out_against_what_is_behind_them() -> None:
    for scene in _scenes(200):
        assert all(item.colour != scene.sky.colour for item in scene.above)
        assert all(item.colour != scene.ground.colour for item in scene.below)


@pytest.mark.parametrize("index", range(6))
def test_region_masks_are_disjoint_and_cover_the_picture(index: int) -> None:
    scene = make_scene(5, "tune", index)
    picture = draw(scene)
    found = regions(scene, picture)
    masks = np.stack([np.asarray(region.mask) for region in found])
    assert masks.shape[1:] == (SOURCE_PIXELS, SOURCE_PIXELS)
    assert (masks.sum(0) == 1).all()
    assert [region.box for region in found] == [region.mask.getbbox() for region in found]


def test_each_object_has_a_region_with_its_words() -> None:
    for scene in _scenes(6):
        found = [region for region in regions(scene, draw(scene)) if region.kind == "object"]
        assert [region.words[0] for region in found] == [item.thing.noun for item in scene.objects]
        assert all(
            item.colour in region.attributes for item, region in zip(scene.objects, found, strict=True)
        )


def test_words_of_regions_belong_to_the_vocabulary() -> None:
    known = set(all_words())
    for scene in _scenes(6):
        for region in regions(scene, draw(scene)):
            assert {*region.words, *region.attributes} <= known


def test_regions_agree_with_the_drawn_colours() -> None:
    scene = next(
        scene
        for scene in _scenes(400)
        if scene.objects[-1].thing.noun == "car" and not scene.objects[-1].texture
    )
    picture = draw(scene)
    mask = np.asarray(regions(scene, picture)[-1].mask)
    shown = np.median(np.asarray(picture.image)[mask], axis=0)
    nearest = min(COLOURS, key=lambda name: np.abs(np.array(COLOURS[name]) - shown).sum())
    assert nearest == scene.objects[-1].colour


def test_cell_contents_name_what_covers_the_cell() -> None:
    scene = make_scene(5, "tune", 0)
    owners = np.zeros((GRID * 4, GRID * 4), np.uint8)
    owners[:4, 4:8] = 3  # the second cell belongs to the first object
    contents, shares = cell_contents(scene, owners)
    assert contents[1] == scene.objects[0] and contents[0] == scene.sky
    assert shares.tolist() == [1.0] * GRID**2


def test_every_content_of_a_cell_has_its_words() -> None:
    inventory = cell_words()
    for scene in _scenes(50):
        for item in scene.objects:
            number = inventory.indices(item)[0]
            assert inventory.phrases[number] == f"{item.colour} {item.thing.noun}"


def test_the_first_sentence_begins_the_caption_and_ends_with_a_full_stop() -> None:
    for scene in _scenes(20):
        assert caption(scene).startswith(first_sentence(scene))
        assert first_sentence(scene).endswith(".")


def test_questions_cannot_be_answered_from_their_words_alone() -> None:
    answers: dict[str, set[str]] = {}
    for scene in _scenes(300):
        question = top_or_bottom(scene)
        if question:
            answers.setdefault(question.text, set()).add(question.answer)
    both = [text for text, found in answers.items() if found == {"top", "bottom"}]
    assert len(both) >= 8


def test_split_words_are_nouns_that_are_drawn() -> None:
    assert set(SPLIT_WORDS) <= {*THINGS, "mountain"}

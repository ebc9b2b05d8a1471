"""Lists coded by reference, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from generator.columns import Block
from generator.lists import NONE, Vocabulary, code_lists

PREVIOUS_LAYER, LEFT, ABOVE, OWN, WRITTEN, ENDED = 0, 2, 4, 6, 8, 9  # with two ranks


def test_an_entry_is_where_it_was_seen_before() -> None:
    entries = np.array(
        [
            [[[7, 8], [8, 9]], [[7, 7], [5, NONE]]],
            [[[8, 7], [1, 9]], [[2, 5], [2, 3]]],
        ]
    )  # (layer 2, row 2, col 2, rank 2)
    coded = code_lists(entries)
    assert coded.codes.tolist() == [
        [
            [[WRITTEN, WRITTEN], [LEFT + 1, WRITTEN]],
            [[ABOVE + 0, ABOVE + 0], [WRITTEN, ENDED]],
        ],
        [
            [[PREVIOUS_LAYER + 1, PREVIOUS_LAYER + 0], [WRITTEN, PREVIOUS_LAYER + 1]],
            [[WRITTEN, WRITTEN], [LEFT + 0, WRITTEN]],
        ],
    ]
    assert coded.literals.tolist() == [7, 8, 9, 5, 1, 2, 5, 3]


def test_an_entry_may_repeat_within_its_own_list() -> None:
    assert code_lists(np.array([[[[4, 4]]]])).codes.tolist() == [[[[WRITTEN, OWN + 0]]]]


def test_entries_are_numbered_by_their_first_appearance_on_the_page() -> None:
    vocabulary = Vocabulary()
    first = vocabulary.add(np.array([[[[30], [10]]]]))
    second = vocabulary.add(np.array([[[[10], [20]]]]))
    vocabulary.settle()
    assert vocabulary.order.tolist() == [30, 10, 20]
    block = Block()
    vocabulary.write(block, "first", first)
    vocabulary.write(block, "second", second)
    assert block.header["first"] == {"ranks": 1, "fresh": 0}
    assert block.header["second"] == {"ranks": 1, "fresh": 2}


def test_an_entry_that_is_written_out_again_says_how_long_ago_it_was() -> None:
    vocabulary = Vocabulary()
    vocabulary.add(np.array([[[[30]], [[10]]]]))
    second = vocabulary.add(
        np.array([[[[10, 20, 30], [NONE] * 3, [40, 30, 10], [50, 60, 70], [30, 20, 80]]]])
    )
    vocabulary.settle()
    written: dict[str, list[int]] = {}

    class Written(Block):
        def add(self, name: str, values: Any) -> None:
            written[name] = values.ravel().tolist()

    vocabulary.write(Written(), "lists", second)
    fresh, ended, again, old = 12, 13, 14, 15
    first, middle, last = (written["lists.codes"][start : start + 5] for start in (0, 5, 10))
    assert first == [old, ended, fresh, fresh, again]
    assert middle == [fresh, ended, again, fresh, again]
    assert last == [old, ended, again, fresh, fresh]
    assert written["lists.old"] == [1, 0]
    assert written["lists.again"] == [2, 5, 5, 9]


def test_an_empty_vocabulary_settles() -> None:
    vocabulary = Vocabulary()
    vocabulary.settle()
    assert vocabulary.order.tolist() == []

"""The published study's corpus, region descriptions of Visual Genome: what is known of it unread."""

from __future__ import annotations

from pathlib import PurePath

from data_pipeline.study import TextSettings

PUBLISHED_SENTENCES = 2_991_848
"""Different phrases in it."""
PUBLISHED_VECTORS = 306_962
"""That the study kept of them at each text layer of OLMo-7B, at most `PUBLISHED_PER_TOKEN` of a token."""
PUBLISHED_PER_TOKEN = 20
TOKENS_A_PHRASE = 7
"""Five words a phrase at the mean (Krishna et al. 2017), four tokens for three words."""
_FILE = "vg_phrases.txt"


def is_published(text: TextSettings) -> bool:
    """Whether a study reads all of that corpus, by its file's name, and keeps as many contexts of a token."""
    return (
        text.source == "lines"
        and PurePath(str(text.file)).name == _FILE
        and text.sentences >= PUBLISHED_SENTENCES
        and text.contexts_per_token == PUBLISHED_PER_TOKEN
    )

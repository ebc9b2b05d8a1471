"""The text index beside bare matrix products, bare forward passes and, where it is installed, `latentlens`.

    python -m benchmarks.text_index search [--contexts 40000 --width 4096]
    python -m benchmarks.text_index build [--sentences 20000] [--idle]

`search` makes up rows with what makes real hidden states hard: a common mean, clusters, a few massive
columns, and text layers that resemble each other, so that many rows are nearly as good as the best. Bare
float32 products and searches take turns. `build` lets a small LLM with random weights read the toy corpus.
Each measurement has a process of its own, so that its memory is its own; the processor's time counts, so that
a busy machine matters little.
"""

from __future__ import annotations

import click

from benchmarks.text_index_build import build
from benchmarks.text_index_search import search


@click.group()
def main() -> None:
    """Measure the text index."""


main.add_command(build)
main.add_command(search)

if __name__ == "__main__":
    main()

"""Tiny models are quicker on one core: on several, most of the time goes into waiting for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; runs in other processes inherit it

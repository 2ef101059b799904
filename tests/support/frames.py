"""Records of people as frames, which tests read more easily than tables."""

from __future__ import annotations

from recourse_arena.storage.people_table import as_frame


def framed(judge):
    """Return what a judge writes as frames."""
    return lambda *asked: as_frame(judge(*asked))

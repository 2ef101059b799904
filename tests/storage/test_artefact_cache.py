"""Artefacts: made once, on one thread, the same whatever the machine has."""

from __future__ import annotations

import pytest
import torch

from recourse_arena.storage.artefact_cache import ArtefactCache


@pytest.mark.parametrize("folder", [True, False])
def test_artefacts_are_made_on_one_thread_and_the_others_come_back(tmp_path, folder):
    before = torch.get_num_threads()
    cache = ArtefactCache(tmp_path if folder else None)
    made, _ = cache.get("threads", "key", lambda: {"threads": torch.tensor(torch.get_num_threads())})
    assert int(made["threads"]) == 1
    assert torch.get_num_threads() == before


def test_threads_come_back_after_a_failure(tmp_path):
    before = torch.get_num_threads()

    def make():
        raise RuntimeError("no artefact today")

    with pytest.raises(RuntimeError):
        ArtefactCache(tmp_path).get("threads", "key", make)
    assert torch.get_num_threads() == before
    assert not list(tmp_path.rglob("*.safetensors"))

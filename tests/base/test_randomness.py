"""Random draws depend on a seed and a purpose, and on nothing else."""

from __future__ import annotations

import subprocess
import sys

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from recourse_arena.base.randomness import derive_seed, generator

purposes = st.lists(st.text(max_size=8), max_size=4)
seeds = st.integers(0, 2**40)


@given(seeds, purposes)
def test_the_same_seed_and_purpose_give_the_same_draws(seed, purpose):
    assert 0 <= derive_seed(seed, *purpose) < 2**63
    one, same = (torch.rand(5, generator=generator(seed, *purpose)) for _ in range(2))
    assert torch.equal(one, same)


@given(seeds, purposes, seeds, purposes)
def test_another_seed_or_purpose_gives_other_draws(seed, purpose, other_seed, other_purpose):
    assume((seed, purpose) != (other_seed, other_purpose))
    assert derive_seed(seed, *purpose) != derive_seed(other_seed, *other_purpose)
    one, other = generator(seed, *purpose), generator(other_seed, *other_purpose)
    assert not torch.equal(torch.rand(5, generator=one), torch.rand(5, generator=other))


def test_words_do_not_run_together():
    spellings = [("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), ('a", "bc',), ("", "abc"), ("abc", "")]
    assert len({derive_seed(0, *words) for words in spellings}) == len(spellings)
    assert derive_seed(1, "2") != derive_seed(12)


def test_another_process_derives_the_same_seed():
    code = "from recourse_arena.base.randomness import derive_seed; print(derive_seed(7, 'loan', 'flow'))"
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(elsewhere.stdout) == derive_seed(7, "loan", "flow")


def test_global_random_state_is_neither_read_nor_moved():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    one = torch.rand(3, generator=generator(1, "a"))
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(3, generator=generator(1, "a")), one)

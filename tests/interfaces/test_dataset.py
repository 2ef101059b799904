"""A dataset that reads no file, and what one with a file gets for free."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from recourse_arena import ArenaError
from recourse_arena_loan import Loan


class FiledLoan(Loan):
    """A loan dataset that would read a file."""

    def location(self, data: Path) -> Path:
        return data / "loan.csv"


def test_a_dataset_without_a_file_is_always_available(tmp_path: Path) -> None:
    assert Loan().location(tmp_path) is None
    assert Loan().unavailable(tmp_path) is None
    assert Loan().fingerprint(tmp_path) == ""


def test_a_dataset_without_a_file_says_so_when_asked_for_one(tmp_path: Path) -> None:
    with pytest.raises(ArenaError, match="dataset loan needs no file"):
        Loan().fetch(tmp_path)
    with pytest.raises(ArenaError, match="dataset loan needs no file"):
        Loan().verify(tmp_path)


def test_a_dataset_is_unavailable_until_its_file_is_there(tmp_path: Path) -> None:
    assert "found none" in (FiledLoan().unavailable(tmp_path) or "")
    with pytest.raises(ArenaError, match="found none"):
        FiledLoan().fingerprint(tmp_path)
    (tmp_path / "loan.csv").mkdir()
    assert "found a directory" in (FiledLoan().unavailable(tmp_path) or "")
    (tmp_path / "loan.csv").rmdir()
    (tmp_path / "loan.csv").write_bytes(b"content")
    assert FiledLoan().unavailable(tmp_path) is None
    assert FiledLoan().fingerprint(tmp_path) == hashlib.sha256(b"content").hexdigest()

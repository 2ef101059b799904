"""A dataset that reads no file, and what one with a file gets for free."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from recourse_arena import ArenaError
from recourse_arena_loan import Loan


class TwoFiles(Loan):
    """A loan dataset that would read two files."""

    def files(self, data: Path) -> tuple[Path, ...]:
        return data / "people.csv", data / "labels.csv"


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


def test_a_dataset_with_a_location_reads_that_one_file(tmp_path: Path) -> None:
    assert Loan().files(tmp_path) == ()
    assert FiledLoan().files(tmp_path) == (tmp_path / "loan.csv",)


def test_a_dataset_of_several_files_names_every_one_that_is_missing(tmp_path: Path) -> None:
    people, labels = TwoFiles().files(tmp_path)
    labels.mkdir()
    said = TwoFiles().unavailable(tmp_path) or ""
    assert f"{people}, found none" in said
    assert f"{labels}, found a directory" in said
    people.write_bytes(b"people")
    said = TwoFiles().unavailable(tmp_path) or ""
    assert str(people) not in said
    assert str(labels) in said


def test_a_change_in_any_of_its_files_changes_the_fingerprint(tmp_path: Path) -> None:
    people, labels = TwoFiles().files(tmp_path)
    found = set()
    for contents in ((b"one", b"two"), (b"one", b"three"), (b"four", b"two"), (b"two", b"one"), (b"onet", b"wo")):
        people.write_bytes(contents[0])
        labels.write_bytes(contents[1])
        found.add(TwoFiles().fingerprint(tmp_path))
    assert len(found) == 5


def test_a_dataset_with_files_says_what_lies_there_and_that_it_cannot_fetch_them(tmp_path: Path) -> None:
    people, labels = TwoFiles().files(tmp_path)
    people.write_bytes(b"people")
    with pytest.raises(ArenaError, match=str(labels)):
        TwoFiles().verify(tmp_path)
    labels.write_bytes(b"12")
    said = TwoFiles().verify(tmp_path)
    assert f"{people}: 6 bytes, SHA-256 {hashlib.sha256(b'people').hexdigest()}" in said
    assert f"{labels}: 2 bytes" in said
    with pytest.raises(ArenaError, match="cannot fetch its files; put them at .*people.csv, .*labels.csv"):
        TwoFiles().fetch(tmp_path)


@pytest.mark.parametrize("kind", [FiledLoan, TwoFiles])
def test_a_run_of_a_dataset_that_says_nothing_of_verifying_goes_on(kind: type[Loan], tmp_path: Path) -> None:
    from recourse_arena.planning.plan import _missing

    for place in kind().files(tmp_path):
        place.write_bytes(b"content")
    assert _missing(kind(), tmp_path, optional=False) == ""


def test_files_that_are_there_but_wrong_are_refused_before_a_run(tmp_path: Path) -> None:
    from recourse_arena.planning.plan import _missing

    class Wrong(TwoFiles):
        def verify(self, data: Path) -> str:
            raise ArenaError("labels.csv is not what it should be")

    for place in Wrong().files(tmp_path):
        place.write_bytes(b"content")
    with pytest.raises(ArenaError, match=r"labels\.csv is not what it should be"):
        _missing(Wrong(), tmp_path, optional=True)

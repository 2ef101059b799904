"""GMSC's file from OpenML or from the user's own copy, against a server on this machine."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recourse_arena import ArenaError
from recourse_arena_gmsc import Gmsc
from recourse_arena_gmsc.contents import Contents
from recourse_arena_gmsc.download import DATA_ID, download
from recourse_arena_gmsc.file import COLUMNS, read

DESCRIPTION = f"/api/v1/json/data/{DATA_ID}"
ARFF = "/data/v1/download/1/GiveMeSomeCredit.arff"


def arff(csv: str, *, label: str = "FinancialDistressNextTwoYears", values: str = "0,1") -> bytes:
    """Return the ARFF file of a Kaggle file, with OpenML's name of the label and other small differences."""
    lines = csv.splitlines()[1:]
    names = [label, *(name.replace("30-59Days", "30_59days") for name in COLUMNS[1:])]
    kinds = [f"{{{values}}}", *["NUMERIC"] * (len(COLUMNS) - 1)]
    rows = []
    for line in lines:
        cells = line.split(",")[1:]
        rows.append(
            ",".join([values.split(",")[int(cells[0])], *("?" if cell == "NA" else cell for cell in cells[1:])])
        )
    attributes = [f"@ATTRIBUTE {name} {kind}" for name, kind in zip(names, kinds, strict=True)]
    return "\n".join(["% made up", "@RELATION GiveMeSomeCredit", *attributes, "@DATA", *rows, ""]).encode()


@dataclass
class OpenML:
    """A server with OpenML's interface: what it answers with at each path."""

    url: str
    bodies: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    missing_bytes: int = 0
    asked: list[str] = field(default_factory=list)

    def offer(self, data: bytes, **changes: str) -> None:
        """Offer a data file, described as it is but for `changes`."""
        description = {
            "name": "GiveMeSomeCredit",
            "url": self.url + ARFF,
            "md5_checksum": hashlib.md5(data).hexdigest(),
        } | changes
        self.bodies = {ARFF: data, DESCRIPTION: json.dumps({"data_set_description": description}).encode()}


@pytest.fixture
def openml(kaggle: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenML]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            offered.asked.append(self.path)
            body = offered.bodies.get(self.path, b"")
            self.send_response(offered.status if body else 404)
            self.send_header("Content-Length", str(len(body) + (offered.missing_bytes if self.path == ARFF else 0)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    offered = OpenML(f"http://127.0.0.1:{server.server_port}")
    offered.offer(arff(kaggle))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield offered
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return Gmsc().location(tmp_path / "fresh")


@pytest.fixture
def expected(kaggle: str, tmp_path: Path) -> Contents:
    (tmp_path / "expected.csv").write_text(kaggle)
    return Contents.of(read(tmp_path / "expected.csv"))


# Download


def test_a_download_is_written_as_kaggle_publishes_it(
    openml: OpenML, place: Path, expected: Contents, kaggle: str
) -> None:
    assert download(place, openml=openml.url, expected=expected) == place
    assert place.read_text() == kaggle


@pytest.mark.parametrize("values", ["no,yes", "False,True"])
def test_labels_in_words_are_understood(
    values: str, openml: OpenML, place: Path, expected: Contents, kaggle: str
) -> None:
    openml.offer(arff(kaggle, values=values))
    assert Contents.of(read(download(place, openml=openml.url, expected=expected))) == expected


def test_two_downloads_give_the_same_bytes(openml: OpenML, place: Path, expected: Contents) -> None:
    first = download(place, openml=openml.url, expected=expected).read_bytes()
    second = download(place, openml=openml.url, expected=expected, force=True).read_bytes()
    assert first == second


def test_a_terminal_sees_a_progress_bar(
    openml: OpenML, place: Path, expected: Contents, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    download(place, openml=openml.url, expected=expected)
    assert "100%" in capsys.readouterr().err


def test_the_expected_file_in_place_is_kept_without_asking_anyone(
    openml: OpenML, place: Path, expected: Contents
) -> None:
    download(place, openml=openml.url, expected=expected)
    openml.asked.clear()
    assert download(place, openml=openml.url, expected=expected) == place
    assert openml.asked == []


def test_another_file_in_place_is_replaced_only_by_force(
    openml: OpenML, place: Path, expected: Contents, kaggle: str
) -> None:
    other = kaggle.rsplit("\n", 2)[0] + "\n"
    place.parent.mkdir(parents=True)
    place.write_text(other)
    with pytest.raises(ArenaError, match="--force"):
        download(place, openml=openml.url, expected=expected)
    assert place.read_text() == other
    assert openml.asked == []
    download(place, openml=openml.url, expected=expected, force=True)
    assert Contents.of(read(place)) == expected


def refuse_connections(openml: OpenML, kaggle: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        openml.url = f"http://127.0.0.1:{free.getsockname()[1]}"


def fail(openml: OpenML, kaggle: str) -> None:
    openml.status = 503


def lack_the_data_file(openml: OpenML, kaggle: str) -> None:
    del openml.bodies[ARFF]


def interrupt(openml: OpenML, kaggle: str) -> None:
    openml.missing_bytes = 1000


def shorten(openml: OpenML, kaggle: str) -> None:
    openml.bodies[ARFF] = openml.bodies[ARFF][:-500]


def rename_the_data_set(openml: OpenML, kaggle: str) -> None:
    openml.offer(arff(kaggle), name="credit-g")


def answer_in_html(openml: OpenML, kaggle: str) -> None:
    openml.bodies[DESCRIPTION] = b"<html>Under maintenance</html>"


def answer_with_a_list(openml: OpenML, kaggle: str) -> None:
    openml.bodies[DESCRIPTION] = b"[]"


def leave_out_the_checksum(openml: OpenML, kaggle: str) -> None:
    openml.bodies[DESCRIPTION] = openml.bodies[DESCRIPTION].replace(b"md5_checksum", b"md5")


def point_into_the_file_system(openml: OpenML, kaggle: str) -> None:
    openml.offer(arff(kaggle), url="file:///etc/hostname")


def offer_no_arff(openml: OpenML, kaggle: str) -> None:
    openml.offer(kaggle.encode())


def offer_nothing_inside(openml: OpenML, kaggle: str) -> None:
    openml.offer(b"\n")


def rename_a_column(openml: OpenML, kaggle: str) -> None:
    openml.offer(arff(kaggle).replace(b"MonthlyIncome", b"Salary"))


def lose_rows(openml: OpenML, kaggle: str) -> None:
    openml.offer(arff(kaggle.rsplit("\n", 3)[0] + "\n"))


def lose_nearly_all_rows(openml: OpenML, kaggle: str) -> None:
    openml.offer(arff("\n".join(kaggle.split("\n")[:30])))


FAILURES: dict[Callable[[OpenML, str], None], tuple[str, ...]] = {
    refuse_connections: ("expected an answer from http://127.0.0.1", "ConnectionError", "--from FILE"),
    fail: ("503 Service Unavailable", "--from FILE"),
    lack_the_data_file: (ARFF, "404 Not Found", "--from FILE"),
    interrupt: (ARFF, "no complete one", "--from FILE"),
    shorten: (ARFF, "MD5 checksum", "--from FILE"),
    rename_the_data_set: ("GiveMeSomeCredit", "'credit-g'"),
    answer_in_html: ("data_set_description", "<html>"),
    answer_with_a_list: ("data_set_description", "[]"),
    leave_out_the_checksum: ("md5_checksum",),
    point_into_the_file_system: ("InvalidSchema",),
    offer_no_arff: ("ARFF",),
    offer_nothing_inside: ("ARFF",),
    rename_a_column: ("missing: MonthlyIncome", "Salary"),
    lose_rows: ("1,300 rows", "1,298 rows"),
    lose_nearly_all_rows: (ARFF, "at least 1,000 complete rows"),
}


@pytest.mark.parametrize("present", [False, True], ids=["no file there", "a good file there"])
@pytest.mark.parametrize(("spoil", "fragments"), FAILURES.items(), ids=[f.__name__ for f in FAILURES])
def test_a_failed_download_says_why_and_changes_nothing(
    spoil: Callable[[OpenML, str], None],
    fragments: tuple[str, ...],
    present: bool,
    openml: OpenML,
    place: Path,
    expected: Contents,
    kaggle: str,
) -> None:
    if present:
        place.parent.mkdir(parents=True)
        place.write_text(kaggle)
    spoil(openml, kaggle)
    with pytest.raises(ArenaError) as caught:
        download(place, openml=openml.url, expected=expected, force=True)
    message = str(caught.value)
    assert [fragment for fragment in fragments if fragment not in message] == []
    assert len(message.splitlines()) <= 4
    assert ".incoming" not in message
    assert list(place.parent.rglob("*")) == ([place] if present else [])
    assert not present or place.read_text() == kaggle


def test_the_dataset_downloads_from_openml_unless_given_a_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("recourse_arena_gmsc.download._described", lambda url: asked.append(url) or ("", ""))
    monkeypatch.setattr("recourse_arena_gmsc.download._save", lambda *arguments: None)
    with pytest.raises(ArenaError):
        Gmsc().fetch(place.parents[1])
    assert asked == ["https://www.openml.org/api/v1/json/data/46929"]


# The user's own file


def test_the_users_own_file_is_copied_to_its_place(data: Path, place: Path) -> None:
    own = Gmsc().location(data)
    assert Gmsc().fetch(place.parents[1], source=own) == place
    assert place.read_bytes() == own.read_bytes()
    assert list(place.parent.iterdir()) == [place]


def test_fetching_the_file_from_its_own_place_keeps_it(data: Path, kaggle: str) -> None:
    place = Gmsc().location(data)
    assert Gmsc().fetch(data, source=place) == place
    assert place.read_text() == kaggle


def test_the_users_own_file_replaces_another_one_only_by_force(data: Path, kaggle: str, tmp_path: Path) -> None:
    own, place = tmp_path / "own.csv", Gmsc().location(data)
    own.write_text(kaggle.rsplit("\n", 2)[0] + "\n")
    with pytest.raises(ArenaError, match="--force"):
        Gmsc().fetch(data, source=own)
    assert place.read_text() == kaggle
    Gmsc().fetch(data, source=own, force=True)
    assert place.read_text() == own.read_text()


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_a_bad_file_never_replaces_a_good_one(content: str, data: Path, kaggle: str, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(content)
    with pytest.raises(ArenaError, match=r"own\.csv"):
        Gmsc().fetch(data, source=own, force=True)
    assert Gmsc().location(data).read_text() == kaggle


def test_a_missing_own_file_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ArenaError, match=r"nowhere\.csv.*found no file"):
        Gmsc().fetch(data, source=tmp_path / "nowhere.csv", force=True)


def test_a_directory_in_the_place_of_the_file_is_left_alone(data: Path, tmp_path: Path) -> None:
    blocked = Gmsc().location(tmp_path / "blocked")
    blocked.mkdir(parents=True)
    with pytest.raises(ArenaError, match="found a directory"):
        Gmsc().fetch(tmp_path / "blocked", source=Gmsc().location(data), force=True)


def test_a_data_directory_that_cannot_be_written_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArenaError, match="expected to write"):
        Gmsc().fetch(tmp_path / "file", source=Gmsc().location(data))

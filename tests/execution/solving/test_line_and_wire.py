"""What comes from a solver's process is parsed as data, whatever it is, and nobody waits for it longer than told."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError, Feature, FeatureTable, Menu, Outcome, Role
from recourse_arena.execution.solving.line import Line
from recourse_arena.execution.solving.wire import Malformed, checked_recommendation, packed, unpacked

PEOPLE, FEATURES = 3, 2
TABLE = FeatureTable((Feature("income", role=Role.ACTIONABLE), Feature("savings", role=Role.ACTIONABLE)))
MENU = Menu(torch.ones(1, 2, FEATURES), torch.rand(1, 2, FEATURES))


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    with one, other:
        yield Line(one), other


def tensors(**other):
    return {
        "mask": torch.ones(PEOPLE, FEATURES, dtype=torch.bool),
        "values": torch.rand(PEOPLE, FEATURES),
        "outcome": torch.full((PEOPLE,), Outcome.SOLVED.code, dtype=torch.int8),
        **other,
    }


def test_frames_arrive_whole_and_in_order_however_they_are_cut(ends):
    line, other = ends
    frames = [b"", b"one", b"x" * 300_000]
    content = b"".join(struct.pack("<Q", len(frame)) + frame for frame in frames)
    found = []
    for start in range(0, len(content), 100_000):
        other.sendall(content[start : start + 100_000])
        while (frame := line.receive(most=1 << 20, wait=0.01)) is not None:
            found.append(frame)
    assert found == frames


def test_who_says_half_a_frame_makes_nobody_wait_longer_than_told(ends):
    line, other = ends
    other.sendall(struct.pack("<Q", 100) + b"half")
    start = time.monotonic()
    assert line.receive(most=1000, wait=0.05) is None
    assert 0.04 < time.monotonic() - start < 5
    other.close()
    with pytest.raises(EOFError):
        line.receive(most=1000)


def test_a_frame_that_says_to_be_longer_than_allowed_is_refused_at_once(ends):
    line, other = ends
    other.sendall(struct.pack("<Q", 1 << 60))
    with pytest.raises(ValueError, match="are allowed"):
        line.receive(most=1000)


def test_what_is_packed_is_what_comes_out():
    answer = unpacked(packed(7, "done", {"notes": [], "validation_score": 0.5}, tensors()))
    assert (answer.number, answer.kind, answer.number_of("validation_score")) == (7, "done", 0.5)
    assert answer.number_of("notes") is None
    found = checked_recommendation(answer, PEOPLE, TABLE)
    assert found.outcome.dtype is torch.int8
    assert found.solved.all()


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_malformed(content):
    with contextlib.suppress(Malformed):
        unpacked(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_any_words_are_an_answer_or_malformed(said):
    content = json.dumps({"number": 1, "kind": "done", "notes": said, "reason": said, "share": said}).encode()
    answer = unpacked(struct.pack("<I", len(content)) + content)
    assert isinstance(answer.text("reason"), str)
    assert answer.number_of("share") is None or abs(answer.number_of("share")) < float("inf")
    with contextlib.suppress(Malformed):
        assert isinstance(answer.notes, tuple)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mask": torch.ones(PEOPLE, FEATURES)},
        {"mask": torch.ones(PEOPLE, 1, dtype=torch.bool)},
        {"values": torch.rand(PEOPLE, FEATURES).half()},
        {"outcome": torch.ones(PEOPLE, dtype=torch.bool)},
        {"outcome": torch.ones(PEOPLE)},
        {"outcome": torch.full((PEOPLE,), 6, dtype=torch.int8)},
        {"outcome": torch.full((PEOPLE,), -1, dtype=torch.int8)},
        {"outcome": torch.ones(PEOPLE + 1, dtype=torch.int8)},
        {"lower_bound": torch.ones(PEOPLE, dtype=torch.int8)},
        {"more": torch.ones(1)},
    ],
    ids=lambda wrong: ", ".join(f"{name} {value.dtype} {tuple(value.shape)}" for name, value in wrong.items()),
)
def test_tensors_of_other_shapes_types_or_codes_are_no_recommendation(wrong):
    with pytest.raises(ArenaError, match="recommend"):
        checked_recommendation(unpacked(packed(1, "done", {}, tensors(**wrong))), PEOPLE, TABLE)


def test_long_texts_and_many_notes_are_cut():
    note = {"kind": "raised", "text": "x" * 10_000}
    answer = unpacked(packed(1, "failed", {"reason": "y" * 10_000, "notes": [note] * 90}))
    assert len(answer.text("reason")) < 5000
    assert len(answer.notes) == 50
    assert len(answer.notes[0].text) < 5000


def with_menu(**other):
    picks = {"pick": torch.tensor([0, 1, 0])} if "pick" not in other else {}
    return tensors(**{f"menu_{name}": part for name, part in MENU.state().items()}, **picks, **other)


def test_a_menu_comes_with_its_picks():
    found = checked_recommendation(unpacked(packed(1, "done", {}, with_menu())), PEOPLE, TABLE)
    assert found.pick.tolist() == [0, 1, 0]
    assert torch.equal(found.menu.amounts, MENU.amounts)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pick": torch.zeros(PEOPLE)},
        {"pick": torch.zeros(2, dtype=torch.int64)},
        {"menu_moves": torch.full((1, 2, FEATURES), 9, dtype=torch.int8)},
        {"menu_amounts": torch.full((1, 2, FEATURES), torch.nan, dtype=torch.float64)},
        {"menu_amounts": torch.zeros(1, 2, 3, dtype=torch.float64)},
        {"menu_rule_centres": torch.zeros(1, 2, dtype=torch.float64)},
    ],
    ids=lambda wrong: "+".join(wrong),
)
def test_what_is_no_menu_is_no_recommendation(wrong):
    with pytest.raises(ArenaError):
        checked_recommendation(unpacked(packed(1, "done", {}, {**with_menu(), **wrong})), PEOPLE, TABLE)
    with pytest.raises(ArenaError, match="come together"):
        checked_recommendation(unpacked(packed(1, "done", {}, tensors(pick=torch.tensor([0, 1, 0])))), PEOPLE, TABLE)

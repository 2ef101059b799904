"""The command `audit`: a mistake is one message, an interrupted audit goes on, and nobody refused is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from recourse_arena import ArenaError, api
from recourse_arena.cli import main


def test_a_mistake_is_one_message(plugged, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for words, message in (
        (["audit", "nosuch", "--out", str(tmp_path / "a")], "unknown dataset 'nosuch'"),
        (["audit", "tiny", "--out", str(tmp_path / "mine")], "holds other files and no audit"),
        (["audit", "tiny"], "Missing option '--out'"),
        (["audit", "tiny", "--out", str(tmp_path / "a"), "--people", "0"], "Invalid value for '--people'"),
    ):
        found = CliRunner().invoke(main, words)
        assert found.exit_code == 2
        assert message in found.output
        assert "Traceback" not in found.output
    assert not (tmp_path / "a").exists()


def test_an_interrupted_audit_says_that_it_goes_on(plugged, tmp_path, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "run", interrupted)
    words = ["audit", "tiny", "--out", str(tmp_path / "a"), "--cache", str(tmp_path / "cache")]
    found = CliRunner().invoke(main, words)
    assert found.exit_code == 130
    assert "what is done is kept" in found.output
    assert (tmp_path / "a" / "audit.json").is_file()


def test_nobody_refused_is_said(plugged, tmp_path):
    draws = np.random.default_rng(0)
    frame = pd.DataFrame({"income": draws.normal(size=300), "paid": draws.integers(0, 2, 300)})
    always = api.decision(lambda people: np.ones(len(people), dtype=bool))
    kind = api.dataset(frame, label="paid", actionable=["income"], name="kind", decision=always)
    with pytest.raises(ArenaError, match="nobody asks for recourse"):
        api.audit(kind, out=tmp_path / "a", data=tmp_path, cache=tmp_path / "cache", progress=False)

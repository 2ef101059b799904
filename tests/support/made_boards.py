"""Boards that are made up: verdicts as re-judging writes them, entries' records, and folders of both."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recourse_arena.board.summary.rows import board_rows
from recourse_arena.board.summary.state import Board

PEOPLE = 200


def digest_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


class DraftBoard:
    """Entries that are said rather than run: who is helped is drawn once a cell, the same people for all solvers."""

    def __init__(self, people: int = PEOPLE) -> None:
        self.people = people
        self.verdicts: dict[str, dict] = {}
        self.records: dict[str, dict] = {}
        self.met: dict[str, dict] = {}
        self.history: list[dict] = []

    def cell(
        self, entry, scenario, share, *, solver="", dataset="loan", seed=0, cost=0.2, ms=1.0, knows=(),
        outcome="solved", reason="", version="1", protocol=1, paired=True, classifier="c", **more,
    ):  # fmt: skip
        digest, solver = digest_of(entry), solver or entry
        verdict = self.verdicts.setdefault(digest, {"name": entry, "protocol": protocol, "cells": []})
        record = self.records.setdefault(digest, {"suite": {"name": "made"}, "solvers": {}, "materials": []})
        record["solvers"][solver] = {"version": version, "knows": list(knows)}
        material = {"dataset": dataset, "seed": seed, "classifier": classifier}
        record["materials"] += [material] if material not in record["materials"] else []
        said = {"dataset": dataset, "scenario": scenario, "solver": solver, "seed": seed, "outcome": outcome}
        if outcome == "solved":
            luck = np.random.default_rng(len(scenario) + seed).permutation(self.people)
            helped = luck < round(share * self.people)
            said |= {"people": self.people, "attainability": float(helped.mean()), "coverage": 1.0}
            said |= {"validity": float(helped.mean()), "cost_mean": cost, "fit_seconds": 1.0, "rejudged": True}
            said |= {"solve_seconds": ms * self.people / 1000}
            if paired:
                met = {"attainability": helped, "validity": helped}
                self.met.setdefault(digest, {})[dataset, scenario, solver, seed] = "asked", met
        else:
            said |= {"reason": reason}
        verdict["cells"].append(said | more)
        return self

    def event(self, date, event, entry, **more):
        self.history.append({"date": date, "event": event, "name": entry, "entry": digest_of(entry)} | more)
        return self

    def without(self, entry):
        found = DraftBoard(self.people)
        for name in ("verdicts", "records", "met"):
            kept = {digest: part for digest, part in getattr(self, name).items() if digest != digest_of(entry)}
            setattr(found, name, kept)
        return found

    def rows(self) -> pd.DataFrame:
        return board_rows(self.verdicts, self.records, self.met)

    def board(self, title="made") -> Board:
        return Board(title, self.rows(), self.records, self.history)

    def write(self, folder: Path) -> Path:
        """Write it as a board's folder, entries with the columns that a board reads."""
        for name in ("entries", "verdicts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "board.json").write_text(json.dumps({"format": 1, "history": self.history}))
        for digest, verdict in self.verdicts.items():
            (folder / "verdicts" / f"{digest}.json").write_text(json.dumps(verdict))
            parts = []
            for (dataset, scenario, solver, seed), (_, met) in self.met.get(digest, {}).items():
                key = {"dataset": dataset, "scenario": scenario, "solver": solver, "seed": seed}
                helped = met["attainability"]
                facts = {"person": np.arange(len(helped)), "outcome": "solved", "valid": helped, "plausible": True}
                parts.append(pd.DataFrame(key | facts))
            table = pa.Table.from_pandas(pd.concat(parts), preserve_index=False) if parts else pa.table({"person": []})
            metadata = {b"recourse-arena entry": json.dumps(self.records[digest]).encode()}
            pq.write_table(table.replace_schema_metadata(metadata), folder / "entries" / f"{digest}.entry")
        return folder


def large_board(
    entries: int = 60, datasets: int = 6, scenarios: int = 5, people: int = 300, *, told: bool = True
) -> DraftBoard:
    """Return a board of many entries, all on the same contests."""
    draft, pools = (
        DraftBoard(people),
        [(), ("scores",), ("classifier",), ("structure",), ("flow", "classifier"), ("scm",)],
    )
    draws = np.random.default_rng(1)
    for k in range(entries):
        name = f"method-{k:02d}?epochs={50 + k}&width=64"
        for d in range(datasets):
            for s in range(scenarios):
                broken = draws.random() < 0.01
                draft.cell(
                    name, f"hard-{s}", float(np.clip(0.2 + 0.011 * k + 0.1 * draws.normal(), 0, 1)),
                    dataset=f"dataset-{d}", cost=float(0.1 + draws.random() * 0.3),
                    ms=float(10 ** draws.uniform(-1, 3)),
                    knows=pools[k % 6], outcome="failed" if broken else "solved", reason="it broke" if broken else "",
                    rerun=k % 3 == 0, proved=k % 6 == 5,
                )  # fmt: skip
        if told:
            draft.event(f"2026-11-{1 + k % 28:02d}", "added", name, protocol=1, solvers={name: {"version": "1"}})
    return draft

"""An audit from beginning to end: a run, proofs for whom nothing was found, and what follows from both."""

from __future__ import annotations

__all__ = ["PEOPLE", "Audit", "audited"]

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recourse_arena.auditing.assumptions import assumptions
from recourse_arena.auditing.burden import burden
from recourse_arena.auditing.card import access, card
from recourse_arena.auditing.cases import cases
from recourse_arena.auditing.evidence import Evidence
from recourse_arena.auditing.lasting import lasting, retrained
from recourse_arena.auditing.levels import LEVELS, PROVER, Level, finding, proving
from recourse_arena.auditing.page import page
from recourse_arena.auditing.responsiveness import POINTS, responsiveness
from recourse_arena.base.arithmetic import one_thread
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.version import __version__
from recourse_arena.execution.worker.fitted_dataset import FittedDataset, prepare
from recourse_arena.interfaces.suite import Suite
from recourse_arena.planning.model_keys import ModelKeys
from recourse_arena.problem.outcome import Outcome
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache
from recourse_arena.storage.files import GIGABYTE, plain_file, refuse_links, write_atomically
from recourse_arena.storage.run_files import RunFiles

PEOPLE = 300
"""How many refused people are asked about by default."""

_KIND = "recourse-arena audit"

_NOT_WRITTEN = (
    "a proof needs the exact rules by which the system decides and by which features follow from one another, and "
    "some of these cannot be had here"
)
_BROKEN = "the attempt ended before it was done"

RunSuite = Callable[[Suite, Path], RunFiles]


@dataclass(frozen=True)
class Audit:
    """A finished audit.

    Arguments:
        path: Its folder, with `audit.html` and `audit.json`.
        findings: Everything that `audit.json` holds.
    """

    path: Path
    findings: dict[str, Any]

    def __repr__(self) -> str:
        return f"audit of {self.findings['asked']['dataset']}: {self.path / 'audit.html'}"

    def _repr_html_(self) -> str:
        return f'<a href="{(self.path / "audit.html").absolute().as_uri()}">audit.html</a>'


def audited(
    dataset: str,
    folder: Path,
    *,
    people: int,
    seed: int,
    data: Path,
    cache: ArtefactCache,
    registry: Registry,
    run: RunSuite,
    arithmetic: str,
    say: Callable[[str], None] = lambda text: None,
) -> Audit:
    """Return the audit of a dataset's decision model; the same call on the same folder goes on where it stopped.

    Arguments:
        dataset: Name of the dataset, with options.
        folder: Where it lies afterwards; new, empty, or of the same audit.
        people: How many refused people are asked about, drawn by seed.
        seed: The seed.
        data: Data directory.
        cache: Where models are kept.
        registry: What is plugged in.
        run: Runs a suite into a folder and returns the run.
        arithmetic: How the process of a run rounds: its models are taken from the cache.
        say: Is told what happens next.

    Raises:
        ArenaError: If the dataset is unknown, nobody is refused, or the folder is another one's.
    """
    registry.dataset(dataset)  # an unknown one is an error before anything is written
    asked = {"dataset": dataset, "people": people, "seed": seed}
    _claim(folder, asked)
    found = run(finding(dataset, people, seed), folder / "run")
    _check_found(found)
    keys = ModelKeys.of(dataset, seed=seed, data=data, registry=registry, arithmetic=arithmetic)
    with one_thread():
        fitted = prepare(dataset, seed=seed, data=data, cache=cache, registry=registry, keys=keys)
        _check_same(found, fitted)
        evidence = Evidence(fitted, found)
        evidence = _with_proofs(evidence, folder, registry, run, say)
        say("decision models are trained again")
        again = retrained(evidence, cache, keys.classifier)
        say("the report is written")
        findings = {
            "kind": _KIND,
            "status": "finished",
            "version": __version__,
            "asked": asked,
            "about": {"dataset": dataset, "summary": fitted.dataset.summary, "people": len(evidence.everybody)},
            "card": card(evidence),
            "no_proofs": evidence.no_proofs,
            "no_proofs_reason": evidence.reason,
            "access": access(evidence),
            "burden": burden(evidence),
            "lasting": lasting(evidence, again),
            "responsiveness": responsiveness(evidence),
            "points": POINTS,
            "cases": cases(evidence),
            "assumptions": assumptions(evidence),
            "runs": [str(one.path.name) for one in (found, evidence.proofs) if one is not None],
        }
    text = json.dumps(findings, ensure_ascii=False, indent=1, allow_nan=False)
    write_atomically(folder / "audit.html", page(findings).encode())
    write_atomically(folder / "audit.json", text.encode())
    return Audit(folder, findings)


def _claim(folder: Path, asked: dict[str, Any]) -> None:
    """Take a folder for an audit.

    Raises:
        ArenaError: If it holds something else, or an audit of something else.
    """
    refuse_links(folder, folder / "audit.html", folder / "audit.json", folder / "run", folder / "proofs")
    if folder.exists() and not folder.is_dir():
        raise ArenaError(f"{folder} is not a folder; choose another one for the audit")
    if not folder.is_dir() or not any(folder.iterdir()):
        said = {"kind": _KIND, "status": "running", "asked": asked}
        write_atomically(folder / "audit.json", json.dumps(said).encode())
        return
    try:
        known = json.loads(plain_file(folder / "audit.json", most=GIGABYTE).read_text(encoding="utf-8"))
        if not isinstance(known, dict) or known.get("kind") != _KIND:
            raise ValueError
    except (OSError, ValueError, RecursionError):
        raise ArenaError(f"{folder} holds other files and no audit; choose a new or an empty folder") from None
    if known.get("asked") != asked:
        before = known.get("asked")
        there = _in_words(before) if isinstance(before, dict) else "something else"
        raise ArenaError(
            f"{folder} holds an audit of {there}, and this one is of {_in_words(asked)}; choose another folder"
        )


def _in_words(asked: Mapping[str, Any]) -> str:
    return f"{asked.get('dataset')} ({asked.get('people')} people, seed {asked.get('seed')})"


def _check_found(run: RunFiles) -> None:
    """Raise why no solver gave advice, where none did under some level."""
    solved = {cell["scenario"] for cell in run.info["cells"] if cell["outcome"] == Outcome.SOLVED}
    for level in LEVELS:
        if level.scenario not in solved:
            reasons = "; ".join(
                dict.fromkeys(
                    cell.get("reason", cell["outcome"])
                    for cell in run.info["cells"]
                    if cell["scenario"] == level.scenario
                )
            )
            raise ArenaError(f"no audit: no solver gave advice under {level.name}: {reasons}")


def _check_same(run: RunFiles, fitted: FittedDataset) -> None:
    """Raise that the models at hand are not those of the run: figures of both would not belong together."""
    for said in run.info.get("materials", []):
        for name in ("classifier", "flow", "asking"):
            if said.get(name) != fitted.identity[name]:
                raise ArenaError(
                    f"no audit: the models of {run.path} cannot be had again ({name} differs);\n"
                    "keep the cache between the run and the report, or give the decision model a name"
                )


def _with_proofs(
    evidence: Evidence, folder: Path, registry: Registry, run: RunSuite, say: Callable[[str], None]
) -> Evidence:
    """Return the evidence with proofs for those for whom nothing was found, as far as they can be had."""
    if PROVER not in registry.solvers:
        return Evidence(evidence.fitted, evidence.found, None, "no program that proves such things is installed")
    left = {level: _left(evidence, level) for level in LEVELS}
    suite = proving(evidence.fitted.name, evidence.fitted.seed, left, folder / "answers")
    if suite is None:
        return evidence
    say("proofs are looked for, for whom nothing was found")
    proofs = run(suite, folder / "proofs")
    broken = [cell for cell in proofs.info["cells"] if cell["outcome"] != Outcome.SOLVED]
    reason = "; ".join(dict.fromkeys(str(cell.get("reason", "")) for cell in broken))
    skipped = all(cell["outcome"] == Outcome.SKIPPED for cell in broken)
    words = "" if not broken else _NOT_WRITTEN if skipped else _BROKEN
    return Evidence(evidence.fitted, evidence.found, proofs, words, reason)


def _left(evidence: Evidence, level: Level) -> pd.DataFrame:
    """Return for whom nothing was found, and what they can act on."""
    advice, features = evidence.advice(level), evidence.fitted.problem.features
    rows = pd.DataFrame(
        {
            "person": evidence.persons,
            **{name: advice.grades[:, j] for j, name in enumerate(features.names) if features.actionable[j]},
        }
    )
    return rows[advice.stuck].reset_index(drop=True)

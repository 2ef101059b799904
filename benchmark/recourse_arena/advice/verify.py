"""Whether advice that somebody kept still holds, judged anew in a clean process."""

from __future__ import annotations

__all__ = ["verify"]

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recourse_arena.advice.advice import Advice, read_advice
from recourse_arena.advice.content.order import AdviceOrder, prepared_for
from recourse_arena.advice.content.told import Status
from recourse_arena.advice.desk import opened
from recourse_arena.base.arguments import as_path, as_several
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.folders import cache_folder, data_folder
from recourse_arena.execution.engines.progress import Progress
from recourse_arena.execution.run_process import wants_isolation
from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.registry.discovery import discover


@dataclass(frozen=True)
class Verdict:
    """What came of verifying advice.

    Arguments:
        advice: The advice.
        findings: What does not hold, a sentence each.
        remarks: What could not be looked at, and why.
    """

    advice: Advice
    findings: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether all of it does."""
        return not self.findings

    def text(self) -> str:
        """Return it in words."""
        lines = [f"- {finding}" for finding in self.findings] + [f"(not looked at: {one})" for one in self.remarks]
        holds = "it holds: everything that it says was worked out again, without a solver, and is the same"
        return "\n".join([holds if self.holds else "it does not hold:", *lines])


def verify(
    file: str | Path | Advice,
    *,
    dataset: str | Dataset | None = None,
    data: str | Path | None = None,
    cache: str | Path | None = None,
    no_plugins: Sequence[str] = (),
    progress: Progress | None = None,
    isolated: bool | None = None,
) -> Verdict:
    """Return whether advice that somebody kept holds: seals, models, and all it says, judged anew without a solver.

    Arguments:
        file: The JSON file that `recommend` wrote, or the advice.
        dataset: The dataset, where the advice is about an object, or a file that lies elsewhere now.
        data: Data directory; default `RECOURSE_ARENA_DATA`, or the platform's user data folder.
        cache: Artefact cache; default `RECOURSE_ARENA_CACHE`, or the platform's user cache folder.
        no_plugins: Names of plugins to block, `*` for all that are not built in.
        progress: Who hears of each step.
        isolated: Whether it is judged in a process of its own; by default yes.

    Raises:
        ArenaError: If the file is none, or its dataset cannot be had.
    """
    advice = file if isinstance(file, Advice) else read_advice(file)
    certificate, blocked = advice.certificate, as_several("no_plugins", no_plugins)
    registry = discover(no_plugins=blocked)
    scheme = str(certificate.answers.get("scheme", ""))
    try:
        ordered = registry.elicitor(scheme).ordered
        name = (certificate.file or certificate.dataset) if dataset is None else dataset
        if not isinstance(name, Dataset):
            registry.dataset(registry.named(name))
    except ArenaError as error:
        where = "" if dataset is not None else "; --dataset says where it is"
        raise ArenaError(f"{'advice' if isinstance(file, Advice) else file}: {error}{where}") from None
    order = AdviceOrder(
        name,
        prepared_for(scheme, certificate.profile, ordered=ordered),
        data_folder(as_path("data", data)),
        cache_folder(as_path("cache", cache)),
        no_plugins=blocked,
        seed=certificate.seed,
        prover="",
    )
    desk = opened(order, progress or Progress(), isolated=wants_isolation(isolated))
    try:
        findings = desk.verify(advice.json().decode())
    finally:
        desk.close()
    return Verdict(advice, tuple(findings), tuple(_remarks(advice)))


def _remarks(advice: Advice) -> list[str]:
    if advice.status is Status.IMPOSSIBLE and advice.certificate.proof.startswith("solver "):
        return [f"the proof that nothing is possible, which is the word of {advice.certificate.proof}"]
    if advice.status is Status.NOT_FOUND:
        return ["that nobody found anything, which only solvers could say again"]
    return []

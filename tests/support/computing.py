"""A little of everything that a run computes, as digests: alike on every processor if arithmetic is portable.

`python tests/support/computing.py` prints them. QEMU's user mode shows in some minutes what processors make of it that
are not there, with the site-packages of the environment in `PYTHONPATH`:

    qemu-x86_64 -cpu Skylake-Client $(readlink -f .venv/bin/python) tests/support/computing.py
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from frames import framed

from recourse_arena.base.arithmetic import environment

SOLVERS = ("icarma?steps=20&synthetic=100", "grid?points=5", "convex", "wachter?steps=20", "growing-spheres")


def digests(solvers: tuple[str, ...] = SOLVERS) -> dict[str, str]:
    """Return digests of models trained on `tiny`, with either kind of flow, and of how solvers' advice was judged."""
    import tiny
    import torch

    from recourse_arena.execution.worker.fitted_dataset import prepare
    from recourse_arena.judging.records import REJUDGED
    from recourse_arena.problem.scenario import Scenario
    from recourse_arena.registry.discovery import discover
    from recourse_arena.storage.artefact_cache import ArtefactCache

    torch.set_num_threads(1)
    registry, scenario, found = discover(), Scenario.parse("soft-linear"), {}
    for transform in ("affine", "spline"):
        flow = replace(tiny.Tiny.flow, transform=transform)
        registry.datasets["tiny"] = type("Tiny", (tiny.Tiny,), {"flow": flow})
        materials = prepare("tiny", seed=0, data=Path(), cache=ArtefactCache(None), registry=registry)
        found |= {f"{transform} {model}": str(materials.identity[model])[:12] for model in ("classifier", "flow")}
        request = materials.request(scenario)[:20]
        for name in solvers:
            solver = registry.solver(name)
            solver.fit(materials.problem_for(scenario).seen_by(solver.knows), seed=0)
            people = framed(materials.judge)(request, solver.recommend(request))
            later = [name for name in people if str(name).startswith(REJUDGED)]  # than these digests
            people = people.drop(columns=["plausible_heldout", "redrawn", *later]).to_csv(float_format="%.9g")
            found[f"{transform} {name.partition('?')[0]}"] = hashlib.sha256(people.encode()).hexdigest()[:12]
    return found


if __name__ == "__main__":
    os.environ.update(environment(os.environ))
    sys.stdout.write(json.dumps(digests(tuple(sys.argv[1:]) or SOLVERS), indent=2) + "\n")

"""Autoencoders of training people that several solvers work with: fitted by the suite, or kept."""

from __future__ import annotations

__all__ = ["shared_autoencoder"]

from recourse_arena.base.names import variant
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.base.randomness import derive_seed
from recourse_arena.execution.worker.fitted_models import kept_or_fitted
from recourse_arena.models.generative.autoencoder import Autoencoder
from recourse_arena.models.generative.fitting import fit_autoencoder
from recourse_arena.planning.tasks import AutoencoderTask
from recourse_arena.problem.problem import Problem
from recourse_arena.storage.artefact_cache import ArtefactCache


def shared_autoencoder(
    task: AutoencoderTask, problem: Problem, *, cache: ArtefactCache, report: ProgressHook = silent
) -> Autoencoder:
    """Return the autoencoder of a task, from the cache where it is kept; its seed is that of no solver.

    Arguments:
        task: The task.
        problem: The problem of its dataset and seed, for no scenario.
        cache: Where it is kept.
        report: Hears how far it is.

    Raises:
        ArenaError: If it does not converge.
    """
    name, seed = variant(task.models.dataset)[0], task.models.seed
    return kept_or_fitted(
        cache,
        "autoencoder",
        task.key,
        fit=lambda: fit_autoencoder(problem, task.recipe, seed=derive_seed(seed, name, "autoencoder"), report=report),
        state=Autoencoder.state_dict,
        restore=lambda state: Autoencoder.restored(problem.features, task.recipe, state),
    )

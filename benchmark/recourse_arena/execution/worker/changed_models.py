"""What becomes of decision models: made by changes, kept like models; and problems that ask for advice that lasts."""

from __future__ import annotations

__all__ = ["asked_model", "changed_models", "demanding_problem"]

import os
from collections.abc import Mapping
from dataclasses import replace

from torch import Tensor

from recourse_arena.base.arithmetic import arithmetic_of, one_thread
from recourse_arena.base.errors import ArenaError, NotApplicable, described, unknown
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.execution.worker.fitted_models import kept_or_fitted
from recourse_arena.interfaces.change import AskedChange, Change, FittedDecision
from recourse_arena.judging.lasting import check_decides_alike
from recourse_arena.models.changes.matching import matched
from recourse_arena.models.decision.demanding import demanding, surplus
from recourse_arena.planning.model_keys import ModelKeys, change_key
from recourse_arena.problem.model_protocols import Decisions
from recourse_arena.problem.problem import Problem
from recourse_arena.registry.demands import Demand
from recourse_arena.registry.registry import Registry
from recourse_arena.storage.artefact_cache import ArtefactCache


def changed_models(
    label: str,
    change: Change,
    fitted: FittedDecision,
    *,
    seed: int,
    key: str,
    cache: ArtefactCache,
    report: ProgressHook = silent,
) -> Mapping[str, Decisions]:
    """Return the models of a change by name, from the cache where they are kept.

    Arguments:
        label: What the change is called in messages.
        change: The change.
        fitted: The decision model that is changed.
        seed: The seed.
        key: Content key of its models.
        cache: Where they are kept.
        report: Hears how far it is.

    Raises:
        NotApplicable: If it can do nothing with the decision model.
        ArenaError: If it raises anything else, there are no models, or one does not decide on each by themselves.
    """

    def fit() -> dict[str, Decisions]:
        try:
            with one_thread():
                found = dict(change.models(fitted, seed=seed, report=report))
        except ArenaError:
            raise
        except Exception as error:  # a plugin may raise anything
            raise ArenaError(f"change {label}: {described(error)}") from error
        if not found:
            raise ArenaError(f"change {label}: expected one or several models, got none")
        return found

    models = kept_or_fitted(
        cache,
        "change",
        key,
        fit=fit,
        state=lambda models: _packed(change, fitted, models),
        restore=lambda kept: _unpacked(change, fitted, kept),
    )
    for name, model in models.items():
        check_decides_alike(f"change {label}: model {name}", model, fitted.validation.x)
    return models


def _packed(change: Change, fitted: FittedDecision, models: Mapping[str, Decisions]) -> dict[str, Tensor] | None:
    """Return models as tensors under one roof; none if one of them keeps nothing."""
    kept: dict[str, Tensor] = {}
    for place, (name, model) in enumerate(models.items()):
        tensors = change.state(fitted, model)
        if tensors is None:
            return None
        kept |= {f"{place} {name} {part}": tensor for part, tensor in tensors.items()}
    return kept


def _unpacked(change: Change, fitted: FittedDecision, kept: Mapping[str, Tensor]) -> dict[str, Decisions]:
    states: dict[tuple[int, str], dict[str, Tensor]] = {}
    for words, tensor in kept.items():
        place, name, part = words.split(" ", 2)
        states.setdefault((int(place), name), {})[part] = tensor
    return {name: change.restore(fitted, states[place, name]) for place, name in sorted(states)}


def asked_model(
    asked: AskedChange,
    fitted: FittedDecision,
    keys: ModelKeys,
    *,
    seed: int,
    registry: Registry,
    cache: ArtefactCache,
    report: ProgressHook = silent,
) -> Decisions:
    """Return the changed model that the name of a dataset asks for.

    Raises:
        NotApplicable: If the change can do nothing with the decision model.
        ArenaError: If it leads to no such model, or to several of which none is named, or cannot be matched.
    """
    change = registry.change(asked.change)
    models = changed_models(asked.change, change, fitted, seed=seed, key=keys.changed, cache=cache, report=report)
    if asked.model and asked.model not in models:
        raise unknown(f"model of change {asked.change}", asked.model, models)
    if not asked.model and len(models) > 1:
        raise ArenaError(f"change {asked.change} leads to {len(models)} models; add changed={next(iter(models))} or so")
    model = models[asked.model or next(iter(models))]
    if not asked.matched:
        return model
    people = fitted.validation.x
    moved = matched(model, int(fitted.model.accepts(people).sum()), people)
    if moved is None:
        raise NotApplicable(f"change {asked.change}: its model gives decisions only, so that no threshold can be moved")
    return moved


def demanding_problem(
    problem: Problem,
    demand: Demand,
    before: FittedDecision,
    keys: ModelKeys,
    *,
    seed: int,
    registry: Registry,
    cache: ArtefactCache,
    report: ProgressHook = silent,
) -> Problem:
    """Return a problem whose decision model asks for what advice is to pass, beyond today's decision.

    Who asks, what actions cost and what is plausible stay as they are.

    Arguments:
        problem: The problem.
        demand: What is asked for.
        before: The decision model that is changed.
        keys: Content keys of the models.
        seed: The seed.
        registry: What is plugged in.
        cache: Where changed models are kept.
        report: Hears how far it is.

    Raises:
        NotApplicable: If the decision model has no scores, is a changed one itself, or the change cannot be applied.
    """
    models: list[Decisions] = [problem.decisions]
    if demand.lasting:
        if keys.changed:
            raise NotApplicable(f"lasting={demand.lasting}: the decision model of {problem.dataset} is changed already")
        key = change_key(registry, demand.lasting, keys.classifier, seed=seed, arithmetic=arithmetic_of(os.environ))
        change, label = registry.change(demand.lasting), demand.lasting
        models += changed_models(label, change, before, seed=seed, key=key, cache=cache, report=report).values()
    margin = demand.margin
    if demand.margin_sd:
        logit = surplus(problem.decisions, before.validation.x)
        margin += demand.margin_sd * float(logit.double().std(correction=0))
    return replace(problem, decisions=demanding(models, [margin] * len(models)))

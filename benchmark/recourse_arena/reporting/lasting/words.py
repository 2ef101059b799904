"""Changes, changed models and what solvers are asked for beyond today's decision, in words short enough for a table."""

from __future__ import annotations

__all__ = ["asked_in_words", "changes_in_words", "model_in_words"]

from collections.abc import Iterable, Mapping

from recourse_arena.base.names import spell, written
from recourse_arena.reporting.lasting.price import undemanded

_SUMMARIES = ("all ", "mean of ", "worst of ")
"""How rows of several models at once begin."""


def changes_in_words(models: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what changes are called: as their model where it is one, else with how many they are; no two alike.

    Arguments:
        models: Change and model of each changed model.

    Example:
        >>> changes_in_words([("quantized?method=lsq&bits=4", "lsq-4"), ("retrained?models=2", "retrained-1"),
        ...                   ("retrained?models=2", "retrained-2")])
        {'quantized?method=lsq&bits=4': 'lsq-4', 'retrained?models=2': 'retrained (2 models)'}
    """
    names: dict[str, dict[str, None]] = {}
    for change, model in models:
        if not model.startswith(_SUMMARIES):
            names.setdefault(change, {})[model] = None
    found = {}
    for change, of in names.items():
        found[change] = next(iter(of)) if len(of) == 1 else f"{written(change)[0]} ({len(of)} models)"
    words = [*found.values()]
    return {change: said if words.count(said) == 1 else change for change, said in found.items()}


def model_in_words(change: str, model: str, changes: Mapping[str, str]) -> str:
    """Return what a changed model, or several at once, is called.

    Arguments:
        change: Its change.
        model: Its name, or `all 2`, `mean of 2`, `worst of 2`.
        changes: What changes are called (:func:`changes_in_words`).

    Example:
        >>> model_in_words("retrained?models=2", "mean of 2", {"retrained?models=2": "retrained (2 models)"})
        'retrained, mean of 2'
    """
    if model.startswith(_SUMMARIES):
        words = changes.get(change, change)
        return f"{written(change)[0] if words.endswith(' models)') else words}, {model}"
    words = changes.get(change, change)
    return model if words in (model, change) or words.endswith(" models)") else f"{words}, {model}"


def asked_in_words(solver: str, changes: Mapping[str, str]) -> str:
    """Return a solver's name with what it is asked for beyond today's decision in words.

    Example:
        >>> asked_in_words("wachter?margin_sd=0.1", {})
        'wachter, margin of 0.1 sd'
        >>> asked_in_words("wachter?lasting=quantized&lasting.bits=4", {"quantized?bits=4": "ptq-4"})
        'wachter, told of ptq-4'
    """
    plain, asked = undemanded(solver)
    words = [plain]
    if "margin" in asked:
        words.append(f"margin of {asked['margin']}")
    if "margin_sd" in asked:
        words.append(f"margin of {asked['margin_sd']} sd")
    if "lasting" in asked:
        options = {key.removeprefix("lasting."): value for key, value in asked.items() if key.startswith("lasting.")}
        told = spell(asked["lasting"], options)
        words.append(f"told of {changes.get(told, told)}")
    return ", ".join(words)

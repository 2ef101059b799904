"""The command that tunes a solver's options."""

from __future__ import annotations

__all__ = ["tune"]

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recourse_arena.base.errors import ArenaError
from recourse_arena.cli.group import FOLDER, no_plugin, parsed_seeds, registry

if TYPE_CHECKING:
    from recourse_arena.tuning.search import Tuning
    from recourse_arena.tuning.study import Trial

_SHOWN = 5


@click.command()
@click.argument("solver")
@click.option("--dataset", required=True, metavar="NAME", help="Dataset.")
@click.option("--scenario", "scenarios", required=True, multiple=True, metavar="NAME", help="Scenario; repeatable.")
@click.option(
    "--objective",
    default="attainability",
    show_default=True,
    metavar="TEXT",
    help="What to maximise: numbers, + - * /, parentheses and metrics, as in 'attainability - 0.3 * hap'. A metric "
    "that is undefined, such as the cost of a solver that helps nobody, loses.",
)
@click.option("--trials", type=click.IntRange(min=1), default=30, show_default=True, help="Trials in the end.")
@click.option("--only", metavar="A,B", help="Tune these options only.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Fix an option; repeatable.")
@click.option("--people", type=click.IntRange(min=1), help="How many validation people are asked about, drawn by seed.")
@click.option("--seeds", default="0", show_default=True, metavar="0,1,2", help="Seeds of data and training.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the search.")
@click.option("--out", type=FOLDER, help="Folder of the search.  [default: tune-SOLVER]")
@click.option("--data", type=FOLDER, help="Data directory.  [env: RECOURSE_ARENA_DATA]")
@click.option("--cache", type=FOLDER, help="Artefact cache.  [env: RECOURSE_ARENA_CACHE]")
@no_plugin
def tune(
    solver: str,
    options: tuple[str, ...],
    only: str | None,
    seeds: str,
    out: Path | None,
    data: Path | None,
    cache: Path | None,
    **choice: Any,
) -> None:
    """Search the options of SOLVER for those that do best on validation people.

    The first trial holds the defaults. The value of a trial is the mean of the objective over scenarios and seeds.
    Test people are never asked. The same command on the same folder goes on where it stopped. Exits with 1 if every
    trial failed.
    """
    name = _with_options(solver, options)
    numbers = parsed_seeds(seeds)
    tuned = tuple(part.strip() for part in only.split(",")) if only else ()
    from recourse_arena.base.folders import cache_folder, data_folder
    from recourse_arena.execution.progress_display import progress_for
    from recourse_arena.storage.artefact_cache import ArtefactCache
    from recourse_arena.tuning.search import tune as search

    folder = out or Path(f"tune-{solver.partition('?')[0]}")
    found = search(
        name,
        only=tuned,
        seeds=numbers,
        out=folder,
        registry=registry(),
        data=data_folder(data),
        cache=ArtefactCache(cache_folder(cache)),
        progress=progress_for(),
        **choice,
    )
    click.echo(_report(found))
    click.echo(f"\nTrials: {(folder / 'trials.csv').resolve()}\nRecord: {(folder / 'tuning.json').resolve()}")
    failed = sum(bool(trial.reason) for trial in found.trials)
    if failed:
        click.echo(f"{failed} of {len(found.trials)} trials failed; {folder / 'trials.csv'} says why", err=True)
    if found.best is None:
        raise SystemExit(1)


def _with_options(solver: str, options: tuple[str, ...]) -> str:
    """Return the variant that fixes these options too."""
    from recourse_arena.base.names import spell, written

    name, fixed = written(solver)
    for option in options:
        key, sign, value = option.partition("=")
        if not (key and sign and value):
            raise ArenaError(f"--option: expected NAME=VALUE, as in steps=1500; got {option!r}")
        fixed[key] = value
    return spell(name, fixed)


def _report(found: Tuning) -> str:
    """Return the best trials beside the defaults, and the best as a variant."""
    from tabulate import tabulate

    setting = found.setting
    people = ", ".join(f"{asked} of seed {seed}" for seed, asked in zip(setting["seeds"], found.asked, strict=True))
    lines = [
        f"{setting['solver']} on {setting['dataset']}; validation people: {people}; {', '.join(setting['scenarios'])}",
        f"Maximised: {setting['objective']} (mean over scenarios and seeds; who has none that is defined has lost)\n",
    ]
    best = found.best
    if best is None:
        return "\n".join([*lines, f"All {len(found.trials)} trials failed; the first: {found.trials[0].reason}"])
    defaults = found.trials[0]
    shown = found.ranked[:_SHOWN]
    rows = [_row(found, trial) for trial in (shown if defaults in shown else [*shown, defaults])]
    lines.append(tabulate(rows, headers="keys", tablefmt="github", disable_numparse=True))
    if best == defaults:
        return "\n".join([*lines, f"\nNothing beats the defaults: {found.tunable.variant(best.options)}"])
    variant = found.tunable.variant(best.options)
    lines += [
        f"\nBest: {variant}",
        "The best of many trials looks better than it is. Test people decide:",
        f"  recourse-arena run SUITE --solver '{found.tunable.solver}' --solver '{variant}'",
    ]
    return "\n".join(lines)


def _row(found: Tuning, trial: Trial) -> dict[str, Any]:
    """Return the line of a trial: value, gain, the metrics of the objective (means over scenarios), options."""
    base = found.trials[0].value
    gain = f"{trial.value - base:+.3f}" if trial.value is not None and base is not None else "-"
    return {
        "trial": f"{trial.number}{' (defaults)' if trial.number == 0 else ''}",
        "value": _number(trial.value, "failed"),
        "gain": gain,
        **{metric: _number(found.mean(trial, metric)) for metric in found.objective.metrics},
        "options": ", ".join(f"{name} {value}" for name, value in trial.options.items()),
    }


def _number(value: float | None, without: str = "-") -> str:
    return without if value is None else f"{value:.3f}"

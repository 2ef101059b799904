"""Figures of a run, drawn from its files alone. Needs matplotlib, the extra `figures`; no torch."""

from __future__ import annotations

__all__ = ["Picture", "draw"]

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError
from recourse_arena.reporting.paper.fairness import SCENARIOS
from recourse_arena.reporting.results.families import asked_by
from recourse_arena.storage.run_files import RunFiles

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """One figure, or why there is none.

    Arguments:
        name: Its name: small letters, digits and hyphens, whatever the names in the run.
        files: Its content by file ending, `png` (200 dpi) and `svg`; empty if it is left out.
        reason: Why it is left out.
    """

    name: str
    files: dict[str, bytes]
    reason: str = ""


def draw(result: RunFiles) -> Iterator[Picture]:
    """Yield the figures of a run, of its test people; the same run gives the same bytes.

    Raises:
        ArenaError: If matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise ArenaError("figures need matplotlib, which is not installed: pip install 'recourse-arena[figures]'")
    from recourse_arena.reporting.figures.actionable_features import actionable_features
    from recourse_arena.reporting.figures.cost_profiles import cost_profiles
    from recourse_arena.reporting.figures.drawing.figure_data import FigureData
    from recourse_arena.reporting.figures.fairness import fairness
    from recourse_arena.reporting.figures.interaction import interaction
    from recourse_arena.reporting.figures.log_density import log_density
    from recourse_arena.reporting.figures.marginals import marginals
    from recourse_arena.reporting.figures.menus import help_by_cost, offers_menus, price_of_sharing
    from recourse_arena.reporting.figures.overview import overview
    from recourse_arena.reporting.figures.price_of_lasting import keeps_lasting, price_of_lasting
    from recourse_arena.reporting.figures.trade_off import trade_off

    run = FigureData(result)
    yield _picture("overview", partial(overview, run))
    yield _picture("cost-profiles", partial(cost_profiles, run))
    if set(SCENARIOS) <= set(run.cells["scenario"]):
        yield _picture("fairness", partial(fairness, run))
    if keeps_lasting(result):
        yield _picture("price-of-lasting", partial(price_of_lasting, run))
    if menus := offers_menus(result):
        yield _picture("price-of-sharing", partial(price_of_sharing, run))
    for dataset, name in run.file_names.items():
        yield _picture(f"actionable-features-{name}", partial(actionable_features, run, dataset))
        yield _picture(f"trade-off-{name}", partial(trade_off, run, dataset))
        if asked_by(run.summary(dataset)["scenario"]):
            yield _picture(f"interaction-{name}", partial(interaction, run, dataset))
        if menus:
            yield _picture(f"help-by-cost-{name}", partial(help_by_cost, run, dataset))
        yield _picture(f"log-density-{name}", partial(log_density, run, dataset))
        yield _picture(f"marginals-{name}", partial(marginals, run, dataset))


def _picture(name: str, drawing: Callable[[], Figure]) -> Picture:
    from recourse_arena.reporting.figures.drawing.figure_data import NoData
    from recourse_arena.reporting.figures.drawing.style import house_style, render

    with house_style():
        try:
            return Picture(name, render(drawing()))
        except NoData as lacking:
            return Picture(name, {}, str(lacking))

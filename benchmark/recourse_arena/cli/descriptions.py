"""What one thing that is plugged in is: what `list KIND NAME` prints."""

from __future__ import annotations

__all__ = ["describe", "meanings"]

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recourse_arena.base.errors import unknown
from recourse_arena.base.names import plain, spell, variant
from recourse_arena.interfaces.plugin_kinds import PLUGIN_KINDS
from recourse_arena.problem.scenario import PARTS, SCHEMES

if TYPE_CHECKING:
    from recourse_arena.people.features import Feature
    from recourse_arena.registry.registry import Registry

_ARGUMENT = re.compile(r"^    ((?:\*\*)?\w+(?:, \w+)*):\s*(.*)$")
_CLASS = re.compile(r":class:`~([\w.]+)\.(\w+)`")
_SHARED = "any decision model (`decision=NAME`, its options as `decision.OPTION`), `cost=NAME`, `effects=none`"
_TABLES = "`split=recourse`, `act=FEATURE,FEATURE:up`, `features=FEATURE,FEATURE`, `rows=complete`, `bounds=declared`"


def describe(kind: str, name: str, registry: Registry) -> Iterator[str]:
    """Yield lines about one thing that is plugged in.

    Raises:
        ArenaError: If there is none of this name, with those that are near.
    """
    if kind == "scenarios":
        yield from _scenario(name, registry)
        return
    if kind != "datasets":
        base = variant(name)[0]
        if base not in getattr(registry, kind):
            raise unknown(str(PLUGIN_KINDS[kind]), base, getattr(registry, kind))
    yield from _DESCRIBED[kind](name, registry)


def meanings(made: type) -> dict[str, str]:
    """Return what each option of a class means: from `Arguments:` of its docstring, or of its constructor's.

    Example:
        >>> class Grid:
        ...     '''A grid.
        ...
        ...     Arguments:
        ...         points: Values per feature,
        ...             at least two.
        ...     '''
        >>> meanings(Grid)
        {'points': 'Values per feature, at least two.'}
    """
    found: dict[str, str] = {}
    for base in reversed(made.__mro__):
        for text in (base.__dict__.get("__init__", made).__doc__, base.__doc__):
            found |= _arguments(text, base)
    return found


def _arguments(text: str | None, made: type) -> dict[str, str]:
    found: dict[str, str] = {}
    _, _, below = inspect.cleandoc(text or "").partition("Arguments:\n")
    options: list[str] = []
    for line in below.splitlines():
        if line and not line.startswith(" "):
            break
        if start := _ARGUMENT.match(line):
            options = start[1].split(", ")
            found |= dict.fromkeys(options, start[2])
        elif line.strip():
            found |= {option: f"{found[option]} {line.strip()}" for option in options}
    for option in [option for option in found if option.startswith("**")]:
        named = _CLASS.search(found.pop(option))  # options are the fields of a class of settings
        settings = getattr(sys.modules.get(named[1]), named[2], None) if named else None
        if isinstance(settings, type) and settings is not made:
            found |= meanings(settings)
    return found


def _dataset(name: str, registry: Registry) -> Iterator[str]:
    from recourse_arena.registry.parts import decision_words
    from recourse_arena.tables.table_dataset import TableDataset

    dataset = registry.dataset(name)
    registry.decision_of(dataset)  # an unknown model is an error, rather than a word that nobody can use
    yield f"{plain(name)}: {plain(dataset.summary)}"
    yield f"decision model {decision_words(dataset)}, effects {dataset.effects_known}, cost {dataset.cost}"
    yield ""
    heads = ["feature", "kind", "role", "way", "values", ""]
    yield _table([_feature_row(feature) for feature in dataset.features], heads)
    for rule in dataset.features.rules:
        yield f"rule: {plain(rule)}"
    for attribute in dataset.attributes:
        yield f"attribute that nobody decides by: {plain(attribute.name)} ({', '.join(map(plain, attribute.levels))})"
    for protected, first in dataset.protected.items():
        against = f"{', '.join(map(plain, first))} against all others" if first else "each level is a group"
        yield f"protected: {plain(protected)} ({against})"
    if len(dataset.distributions) > 1:
        yield f"distributions of preferences (scenario@NAME): {', '.join(map(plain, dataset.distributions))}"
    yield ""
    yield from _options(type(dataset), variant(name)[0])
    yield f"every dataset takes {_SHARED}"
    if isinstance(dataset, TableDataset):
        yield f"every table takes {_TABLES}"
    yield ""
    yield from _sources(dataset)


def _feature_row(feature: Feature) -> tuple[str, ...]:
    way = "" if feature.direction == "any" else str(feature.direction)
    return plain(feature.name), str(feature.kind), str(feature.role), way, _values(feature), plain(feature.description)


def _values(feature: Feature) -> str:
    if feature.levels:
        shown = ", ".join(map(plain, feature.levels[:6]))
        return f"{shown}, ... ({len(feature.levels)})" if len(feature.levels) > 6 else shown
    return "" if (feature.lower, feature.upper) == (-inf, inf) else f"{feature.lower:g} to {feature.upper:g}"


def _sources(dataset: Any) -> Iterator[str]:
    """Yield where a dataset's people come from: its own words, the head of its TOML file, its files."""
    yield from _paragraphs(type(dataset).__doc__)
    toml = getattr(type(dataset), "toml", None) or getattr(getattr(dataset, "declaration", None), "path", None)
    if isinstance(toml, Path) and toml.is_file():
        for line in toml.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.startswith("#"):
                break
            yield plain(line.removeprefix("#"))
    files = dataset.files(Path("DATA"))
    yield f"reads {', '.join(str(file) for file in files)}" if files else "reads no file"


def _solver(name: str, registry: Registry) -> Iterator[str]:
    base, options = variant(name)
    solver = registry.solver(name) if options else registry.solvers[base]
    made = solver if isinstance(solver, type) else type(solver)
    yield f"{base} (version {plain(made.version)}): {plain(made.summary)}"
    knows = ", ".join(sorted(solver.knows)) if not isinstance(solver.knows, property) else "what its options say"
    yield f"may know {knows or 'decisions only (a black box)'}; cannot do without {_named(made.needs) or 'any of it'}"
    yield f"acts on features that are {_named(made.acts_on)}; {'keeps' if made.keeps_rules else 'ignores'} rules"
    if made.keeps_sparsity:
        yield "keeps to a number of features where a scenario names one (sparse-2)"
    if made.costs:
        yield f"minimises the costs {_named(made.costs)} only"
    if made.plausible_under:
        yield f"can be asked for plausibility by {_named(made.plausible_under)}"
    if made.time_option:
        yield f"`run --person-timeout` sets its option {made.time_option}"
    yield ""
    yield from _options(made, base)
    for dataset, tuned in made.tuned.items():
        yield f"on {plain(dataset)}, unless asked for: {spell(base, tuned)}"
    for option, space in made.space.items():
        yield f"`tune` tries {option} {_tried(space)}"
    yield ""
    yield from _paragraphs(made.__doc__)


def _tried(space: Any) -> str:
    if hasattr(space, "values"):
        return f"of {', '.join(map(plain, space.values))}"
    return f"from {space.low:g} to {space.high:g}{', by factors' if space.log else ''}"


def _decision(name: str, registry: Registry) -> Iterator[str]:
    base = variant(name)[0]
    made = registry.decisions[base]
    yield f"{base} (version {plain(made.version)}): {plain(made.summary)}"
    yield f"differentiable: {'yes' if made.differentiable else 'no'}; structure: {plain(made.structure) or 'none'}"
    yield f"as in `adult?decision={base}`"
    yield ""
    yield from _options(made, base, "decision.")
    yield ""
    yield from _paragraphs(made.__doc__)


def _change(name: str, registry: Registry) -> Iterator[str]:
    base = variant(name)[0]
    made = registry.changes[base]
    yield f"{base} (version {plain(made.version)}): {plain(made.summary)}"
    yield f"as in `recourse-arena lasting RUN --change {base}`"
    yield ""
    yield from _options(made, base)
    yield ""
    yield from _paragraphs(made.__doc__)


def _elicitor(name: str, registry: Registry) -> Iterator[str]:
    base = variant(name)[0]
    made = registry.elicitors[base]
    words = [word for word, scheme in SCHEMES.items() if scheme == base] or ([] if base == "ranking" else [base])
    yield f"{base}: {plain(made.summary)}"
    yield f"scenarios: {', '.join(f'{word}-hard-2' for word in words) or 'hard-2 and all others without a scheme'}"
    yield from _options(made, base)
    yield ""
    yield from _paragraphs(made.__doc__)


def _policy(name: str, registry: Registry) -> Iterator[str]:
    base = variant(name)[0]
    made = registry.policies[base]
    yield f"{base} (version {plain(made.version)}): {plain(made.summary)}"
    yield f"scenarios: hard-2!asked-{base} and all others with !asked-{base} behind them"
    yield from _options(made, base)
    yield ""
    yield from _paragraphs(made.__doc__)


def _metric(name: str, registry: Registry) -> Iterator[str]:
    metric = registry.metrics[name]
    better = f"{metric.direction} is better" if metric.direction != "none" else "neither way is better"
    yield f"{metric.name} (in tables: {plain(metric.title or metric.name)}): {plain(metric.definition)}"
    yield f"over {plain(metric.population)}; unit: {plain(metric.unit)}; {better}; version {plain(metric.version)}"
    if metric.average is None:
        yield "no average over people: it has neither an interval nor ranks"
    else:
        yield f"average over people: {metric.average.how}, with an interval and ranks"
        if metric.average.remark:
            yield plain(metric.average.remark)


def _suite(name: str, registry: Registry) -> Iterator[str]:
    suite = registry.suites[name]
    yield f"{suite.name} (version {plain(suite.version)}): {plain(suite.summary)}"
    yield f"seeds {', '.join(map(str, suite.seeds))}"
    for i, block in enumerate(suite.blocks, 1):
        yield ""
        yield f"block {i}: {'everybody' if block.people is None else f'{block.people} people'} of each dataset"
        optional = [f"{plain(d)}{' (where its file is found)' if d in suite.optional else ''}" for d in block.datasets]
        yield f"  datasets   {', '.join(optional)}"
        yield f"  scenarios  {', '.join(plain(scenario.name) for scenario in block.scenarios)}"
        yield f"  solvers    {', '.join(map(plain, block.solvers))}"


def _scenario(name: str, registry: Registry) -> Iterator[str]:
    if name in PARTS:
        yield f"{name}: {PARTS[name]}"
        return
    scenario = registry.scenario(name)
    own = {variant(scenario.scheme)[0]} - {"ranking", *SCHEMES.values()}
    schemes = {scheme: registry.elicitors[scheme].summary for scheme in own}
    policies = {} if scenario.policy is None else {(p := variant(scenario.policy)[0]): registry.policies[p].summary}
    yield f"{plain(name)}: {plain(scenario.in_words(schemes, policies))}"


def _options(made: type, base: str, prefix: str = "") -> Iterator[str]:
    """Yield the options of a class: name, type, default and meaning, and how one is asked for."""
    means, rows = meanings(made), []
    if "__init__" not in dir(made) or inspect.signature(made) == inspect.Signature():
        yield "no options"
        return
    for option in inspect.signature(made).parameters.values():
        if option.kind in (option.VAR_KEYWORD, option.VAR_POSITIONAL):
            continue
        needed = option.default is option.empty
        default = (
            "needed"
            if needed
            else plain(str(option.default).lower() if option.default in (True, False) else option.default)
        )
        rows.append((f"{prefix}{option.name}", _type(option), default, plain(means.get(option.name, ""))))
    if not rows:
        yield "no options"
        return
    yield _table(rows, ["option", "type", "default", "meaning"], widths=[None, None, 24, 80])
    if not prefix:
        yield f"asked for as in `{base}?{rows[0][0]}=VALUE`"


def _type(option: inspect.Parameter) -> str:
    if option.annotation is option.empty:
        return "" if option.default in (option.empty, None) else type(option.default).__name__
    return plain(
        option.annotation
        if isinstance(option.annotation, str)
        else getattr(option.annotation, "__name__", option.annotation)
    )


def _named(members: Any) -> str:
    return ", ".join(sorted(map(str, members)))


def _paragraphs(doc: str | None) -> Iterator[str]:
    """Yield the paragraphs of a docstring before its sections."""
    text = re.split(r"\n(?:Arguments|Example|Raises|References|Attributes):", inspect.cleandoc(doc or ""))[0]
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            yield textwrap.fill(plain(paragraph), 100)


def _table(rows: Sequence[tuple[str, ...]], heads: list[str], widths: list[int | None] | None = None) -> str:
    from tabulate import tabulate

    return tabulate(rows, heads, disable_numparse=True, maxcolwidths=widths)


_DESCRIBED: Mapping[str, Callable[[str, Registry], Iterator[str]]] = {
    "datasets": _dataset,
    "decisions": _decision,
    "changes": _change,
    "solvers": _solver,
    "elicitors": _elicitor,
    "policies": _policy,
    "metrics": _metric,
    "suites": _suite,
}

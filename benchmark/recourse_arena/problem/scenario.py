"""Constraint scenarios: what people can act on and how they feel about it, under a name that reads as words."""

from __future__ import annotations

__all__ = ["DENSITIES", "NOTIONS", "PARTS", "SCHEMES", "Density", "Notion", "Part", "Scenario", "scenario_in_words"]

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, ClassVar, Literal, get_args

from recourse_arena.base.errors import ArenaError, unknown
from recourse_arena.base.names import is_name, written
from recourse_arena.menus.asked import MenuAsked
from recourse_arena.problem.profile import PROFILES

Density = Literal["flow", "scm"]
"""What a scenario may ask for: plausibility by the dataset's own notion (the density of its fitted causal flow, or its
`neighbours` where it has no flow), or by the density of the true structural causal model."""

DENSITIES: tuple[Density, ...] = get_args(Density)

Part = Literal["test", "validation"]
"""Which of a dataset's people ask."""

Notion = Literal["flow", "scm", "neighbours"]
"""What says what is plausible in a request."""

NOTIONS: tuple[Notion, ...] = get_args(Notion)

SCHEMES: Mapping[str, str] = {"score": "likert", "binary": "binary"}
"""The suite's elicitation schemes by the word with which a scenario's name begins; without one it is a ranking."""

_SWITCHES: Mapping[str, Mapping[str, Any]] = {
    "no-plausibility": {"plausibility": False},
    "scm-plausibility": {"density": "scm"},
    "validation-people": {"part": "validation"},
}

_MENU = ("menu", "clusters", "ee", "ecr", "hybrid", "budget", "by")
"""Words of parts that are about menus."""

_AIMS = ("ee", "ecr", "hybrid")
"""Words of which a name has one at most."""

_IN_SAMPLE = "in-sample"

PARTS: Mapping[str, str] = {
    "hard-2": "each person may act on two features of their own choice, and on no other",
    "hard-random": "how many features each person may act on is drawn at random; which ones is their own choice",
    "soft-PROFILE": "what a person likes less costs more, by a profile: constant, linear, convex or concave",
    "score-": "at the beginning: people score features from 1 (easy) to 4 (hard), rather than rank them",
    "binary-": "at the beginning: people say which features they can act on, and nothing more",
    "SCHEME-": "at the beginning: people are asked by the elicitation scheme of a plugin",
    "sparse-2": "advice may act on two features at most, of all that a person may act on",
    "menu-4": "people pick from so many shared actions, of which one is to work for as many as possible in every group",
    "clusters-3": "behind menu-N: clusters of people have menus of their own",
    "ee-macro": "behind menu-N: one action is to work for most of each group (ee-micro: any for each person)",
    "ecr-0.6": "behind menu-N: each action is to work for that share of every group",
    "hybrid-0.6": "behind menu-N: both, as in ee-micro and ecr-0.6",
    "budget-0.02": "behind menu-N: what costs a person more does not count as working",
    "by-ATTRIBUTE": "behind menu-N: whose groups are to be helped alike, as in by-race or by-race-sex",
    "+": "joins them: hard-2+soft-linear, hard-3+sparse-2, menu-4+hard-2",
    "@DISTRIBUTION": "which preferences people have: a distribution of the dataset; without it, uniform ones",
    "!no-plausibility": "advice need not lead to a plausible person",
    "!scm-plausibility": "plausible is what the true causal model finds likely, rather than the fitted one",
    "!validation-people": "validation people ask, rather than test people: settings are to be chosen by them",
    "!in-sample": "menus are composed on the very people whom they are judged on",
    "!asked-POLICY": "all of it is hidden, and so are bounds of one's own: an elicitation policy finds out",
}
"""What a scenario's name is made of, and what each part means."""

_HIDDEN = "asked-"
"""How a switch begins that hides what people want and names the policy that asks them."""

_ASKED = {
    "ranking": "people rank features by preference",
    "likert": "people score features from 1 (easy) to 4 (hard)",
    "binary": "people say which features they can act on, and nothing more",
}
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_PROFILES = {
    "constant": "liked or not, acting costs the same",
    "linear": "what they like less costs more: step by step as much",
    "convex": "what they like less costs more: little at first, steeply for what they like least",
    "concave": "what they like less costs more: steeply at first, then hardly",
}


@dataclass(frozen=True)
class Scenario:
    """One constraint scenario.

    Arguments:
        name: Its name, e.g. `hard-2`, `soft-linear`, `hard-random+soft-convex`, `score-soft-linear`,
            `score?levels=7-soft-linear`, `hard-2@causal-order`, `hard-2!no-plausibility`, `hard-2!scm-plausibility`,
            `score-hard-random!asked-post-hoc`, `hard-3+sparse-2`, `menu-4+hard-2`.
        scheme: Name of the elicitation scheme, with options.
        actionable: How many globally actionable features each person can act on: a number, `all` or `random`.
        profile: Name of the cost profile.
        distribution: Name of the population's distribution of preferences.
        plausibility: Whether a solver is asked for plausible counterfactuals.
        answers: Path of a CSV file of real answers, instead of a sampled population.
        density: Whose log-density says what is plausible; people and preferences do not depend on it.
        labels: Words for the levels of the scheme, from the first, which the answers may say instead of numbers.
        policy: Name of the elicitation policy, with options, that has to find out what people want; none where solvers
            are told.
        part: Which people ask: those for the test, or for validation.
        sparsity: How many features advice may act on at most; none where it may act on all that a person can.
        menu: What is asked of a menu of shared actions, from which people pick; none where each gets an action.

    Raises:
        ArenaError: If a density is chosen for a plausibility that is not asked for, or advice may act on nothing.

    Example:
        >>> Scenario.parse("score-hard-random+soft-linear")
        Scenario(name='score-hard-random+soft-linear', scheme='likert', actionable='random', profile='linear', \
distribution='uniform', plausibility=True, answers=None, density='flow', labels=(), \
policy=None, part='test', sparsity=None, menu=None)
    """

    TRAINING_PARTS: ClassVar[tuple[str, ...]] = ("scheme", "profile", "distribution", "actionable", "menu", "sparsity")
    """What a solver's training may depend on: everything else is asked only later."""

    name: str
    scheme: str = "ranking"
    actionable: str = "all"
    profile: str = "constant"
    distribution: str = "uniform"
    plausibility: bool = True
    answers: str | None = None
    density: Density = "flow"
    labels: tuple[str, ...] = ()
    policy: str | None = None
    part: Part = "test"
    sparsity: int | None = None
    menu: MenuAsked | None = None

    def __post_init__(self) -> None:
        if self.density not in DENSITIES:
            raise unknown(f"density in scenario {self.name!r}", self.density, DENSITIES)
        if self.density == "scm" and not self.plausibility:
            raise ArenaError(
                f"scenario {self.name!r} asks for plausibility under the true causal model and for none at all;\n"
                f"take one of !scm-plausibility and !no-plausibility"
            )
        if self.menu is not None and self.policy is not None:
            raise ArenaError(
                f"scenario {self.name!r}: what people want is hidden, and they pick from a menu; one at a time"
            )
        if self.sparsity is not None and self.sparsity < 1:
            raise ArenaError(
                f"scenario {self.name!r}: advice must be free to act on one feature at least, as in sparse-1"
            )

    @classmethod
    def parse(cls, name: str, schemes: Mapping[str, str] = SCHEMES) -> Scenario:
        """Return the scenario of a name; raise with what is wrong in it.

        Arguments:
            name: The name.
            schemes: Elicitation schemes by the word that names one at the beginning; the longest word that fits counts.
                Options may stand behind it.

        Raises:
            ArenaError: If the name does not read as a scenario.

        Example:
            >>> Scenario.parse("swing-hard-2", {"swing": "swing"}).scheme
            'swing'
            >>> Scenario.parse("score?levels=7-hard-2").scheme
            'likert?levels=7'
        """
        rest, *switches = name.split("!")
        rest, *distribution = rest.split("@")
        fitting = [found for word in schemes if (found := re.match(rf"({re.escape(word)})((?:\?[^-+]+)?)-", rest))]
        begin = max(fitting, key=lambda found: len(found[1]), default=None)
        scheme = f"{schemes[begin[1]]}{begin[2]}" if begin else "ranking"
        scenario = cls(name, scheme=scheme, distribution=distribution[0] if distribution else "uniform")
        parts = rest[begin.end() if begin else 0 :].split("+")
        kinds = ["aim" if part.partition("-")[0] in _AIMS else part.partition("-")[0] for part in parts]
        twice = len(set(kinds)) < len(kinds) or len(set(switches)) < len(switches)
        if len(distribution) > 1 or "" in distribution or twice:
            raise _unreadable(name, schemes)
        for part in parts:
            scenario = scenario._with(part, schemes)
        for switch in switches:
            if switch.startswith(_HIDDEN) and scenario.policy is None and is_name(written(switch)[0]):
                scenario = replace(scenario, policy=switch.removeprefix(_HIDDEN))
                continue
            if switch == _IN_SAMPLE:
                scenario = replace(scenario, menu=replace(scenario._menu(), in_sample=True))
                continue
            if switch not in _SWITCHES:
                raise unknown("switch in scenario " + repr(name), switch, (*_SWITCHES, _IN_SAMPLE, f"{_HIDDEN}POLICY"))
            scenario = replace(scenario, **_SWITCHES[switch])
        return scenario

    @property
    def certifiable(self) -> bool:
        """Whether what an exact solver proves holds here.

        Exact solvers reason with the true causal model, so their certificates say nothing of actions that must be
        plausible under the flow.

        Example:
            >>> Scenario.parse("hard-2!scm-plausibility").certifiable, Scenario.parse("hard-2").certifiable
            (True, False)
        """
        return not self.plausibility or self.density == "scm"

    @property
    def hidden(self) -> Scenario:
        """What people want here, whichever policy has to find out: the scenario that tells solvers.

        Example:
            >>> Scenario.parse("hard-2!no-plausibility!asked-likert?levels=7").hidden.name
            'hard-2!no-plausibility'
        """
        if self.policy is None:
            return self
        return replace(self, name=self.name.replace(f"!{_HIDDEN}{self.policy}", ""), policy=None)

    @property
    def without_menu(self) -> Scenario:
        """What the same people ask where each gets an action of their own.

        Example:
            >>> Scenario.parse("menu-4+budget-0.1+hard-2!no-plausibility!in-sample").without_menu.name
            'hard-2!no-plausibility'
            >>> Scenario.parse("score-menu-2@favoured").without_menu.name
            'score-soft-constant@favoured'
        """
        if self.menu is None:
            return self
        behind = re.search(r"[@!].*", self.name)
        end = "" if behind is None else behind[0].replace(f"!{_IN_SAMPLE}", "")
        parts = self.name[: len(self.name) if behind is None else behind.start()].split("+")
        begin = parts[0][: parts[0].index("menu-")] if "menu-" in parts[0] else ""
        parts[0] = parts[0].removeprefix(begin)
        others = [part for part in parts if part.partition("-")[0] not in _MENU]
        return replace(self, name=f"{begin}{'+'.join(others) or 'soft-constant'}{end}", menu=None)

    def in_words(self, schemes: Mapping[str, str] | None = None, policies: Mapping[str, str] | None = None) -> str:
        """Return what is asked of people and of solvers, in a sentence.

        Arguments:
            schemes: What elicitation schemes of plugins ask for, by name.
            policies: What elicitation policies do, by name.

        Example:
            >>> print(Scenario.parse("hard-2").in_words())
            each person may act on two features of their own choice, and on no other; people rank features by \
preference; liked or not, acting costs the same; advice is to lead to a plausible person
        """
        parts = [self._choice(), self._asking(schemes or {}), _PROFILES.get(self.profile, f"profile {self.profile}")]
        if self.menu is not None:
            parts.append(self.menu.in_words())
        if self.sparsity is not None:
            parts.append(f"advice may act on {_counted(self.sparsity)} at most")
        if self.distribution != "uniform":
            parts.append(f"preferences are those of the distribution {self.distribution} of the dataset")
        if not self.plausibility:
            parts.append("advice need not lead to a plausible person")
        else:
            by = ", by the true causal model" if self.density == "scm" else ""
            parts.append(f"advice is to lead to a plausible person{by}")
        if self.part != "test":
            parts.append(f"those who ask are {self.part} people")
        if self.policy is not None:
            does = (policies or {}).get(self.policy.partition("?")[0])
            parts.append(f"no solver is told: the policy {self.policy} finds out{f' ({does})' if does else ''}")
        return "; ".join(parts)

    def _choice(self) -> str:
        if self.answers is not None:
            return f"each person may act on what they said they can (answers from {PurePath(self.answers).name})"
        if self.actionable == "all":
            return "each person may act on every actionable feature"
        if self.actionable == "random":
            return PARTS["hard-random"]
        return f"each person may act on {_counted(int(self.actionable))} of their own choice, and on no other"

    def _asking(self, schemes: Mapping[str, str]) -> str:
        name, _, options = self.scheme.partition("?")
        if name in schemes and name not in _ASKED:
            return f"people are asked by {name}: {schemes[name]}" if schemes[name] else f"people are asked by {name}"
        asked = _ASKED.get(name, f"people are asked by {name}")
        return f"{asked} ({options.replace('&', ', ').replace('=', ' ')})" if options else asked

    def taking(self, parts: Mapping[str, Any]) -> Scenario:
        """Return this scenario with some of its parts (`scheme`, `profile`, ...) replaced."""
        return replace(self, **parts)

    def _with(self, part: str, schemes: Mapping[str, str]) -> Scenario:
        kind, _, value = part.partition("-")
        if kind == "hard" and (value == "random" or (value.isdecimal() and value == str(int(value)))):
            return replace(self, actionable=value)
        if kind == "soft" and value:
            if value not in PROFILES:
                raise unknown(f"cost profile in scenario {self.name!r}", value, PROFILES)
            return replace(self, profile=value)
        if kind == "sparse" and value.isdecimal() and value == str(int(value)):
            return replace(self, sparsity=int(value))
        if kind in _MENU and (asked := self._menu(first=kind == "menu").read(kind, value)):
            return replace(self, menu=asked)
        raise _unreadable(self.name, schemes)

    def _menu(self, first: bool = False) -> MenuAsked:
        """Return what is asked of a menu so far, or raise that nothing is."""
        if self.menu is None and not first:
            raise ArenaError(f"scenario {self.name!r} asks for no menu; begin with menu-N, as in menu-4+clusters-3")
        return self.menu or MenuAsked()


def _counted(count: int) -> str:
    number = _COUNTS[count] if count < len(_COUNTS) else str(count)
    return f"{number} {'feature' if count == 1 else 'features'}"


def _unreadable(name: str, schemes: Mapping[str, str]) -> ArenaError:
    words = "|".join(f"{word}-" for word in schemes)
    return ArenaError(
        f"unknown scenario {name!r}. Expected [{words}]hard-N|hard-random|soft-PROFILE|sparse-N|menu-N, joined by\n"
        f"'+', then perhaps @DISTRIBUTION, !no-plausibility or !scm-plausibility, !validation-people, and\n"
        f"!asked-POLICY, as in 'hard-2' or 'hard-random+soft-convex@causal-order'.\n"
        f"`recourse-arena list scenarios` shows those in use."
    )


def scenario_in_words(name: str, schemes: Mapping[str, str] | None = None) -> str:
    """Return what the name of a scenario means; empty where it does not read as words, as a name of real answers.

    Arguments:
        name: The name.
        schemes: What elicitation schemes of plugins ask for, by name.

    Example:
        >>> print(scenario_in_words("swing-soft-linear!no-plausibility", {"swing": "weights in swings"}))
        each person may act on every actionable feature; people are asked by swing: weights in swings; what they like \
less costs more: step by step as much; advice need not lead to a plausible person
        >>> scenario_in_words("survey of 2024")
        ''
    """
    known = {**SCHEMES, **{scheme: scheme for scheme in schemes or {} if scheme not in (*SCHEMES.values(), "ranking")}}
    try:
        return Scenario.parse(name, known).in_words(schemes)
    except ArenaError:
        return ""

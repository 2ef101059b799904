"""Decisions read off the trees of a model are those that it gives itself, whatever ladders are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import pytest
import torch
from small_tables import table_answers, table_problem
from torch import Tensor

from recourse_arena import Encoding, Knowledge, NotApplicable, Problem, Trees, generator
from recourse_arena.models.decision.offers import Boosting, Forest, Relu
from recourse_arena.problem.decisions_only import DecisionsOnly
from recourse_arena_fair_sac import FairSac
from recourse_arena_menus import boxes
from recourse_arena_menus.audience import Audience
from recourse_arena_menus.boxes import accepted_by_trees
from recourse_arena_menus.effects import Effects
from recourse_arena_menus.ladders import Ladders

READS = frozenset({Knowledge.GROUPS, Knowledge.STRUCTURE})
ASKS = frozenset({Knowledge.GROUPS})


@dataclass
class Walked:
    """Decides by walking down trees, person by person, and counts whom it was asked about."""

    trees: Trees
    asked: int = 0

    def sums(self, x: Tensor) -> list[float]:
        trees, found = self.trees, []
        for row in trees.encoding.encode(x.float()).tolist():
            total = trees.base
            for node in trees.roots.tolist():
                while trees.column[node] >= 0:
                    at_most = row[int(trees.column[node])] <= float(trees.threshold[node])
                    node = int((trees.yes if at_most else trees.no)[node])
                total += float(trees.value[node])
            found.append(total)
        return found

    def accepts(self, x: Tensor) -> Tensor:
        self.asked += x[..., 0].numel()
        rows = x.reshape(-1, x.shape[-1])
        return (torch.tensor(self.sums(rows)).double() >= self.trees.least).reshape(x.shape[:-1])


def grown(problem: Problem, trees: int, depth: int, seed: int) -> Trees:
    """Return full trees that test drawn columns at values that people have, and leaves that are worth +-1 or 0."""
    draws = torch.Generator().manual_seed(seed)
    encoding = Encoding.fitted(problem.features, problem.training.x)
    z, per = encoding.encode(problem.training.x), 2 ** (depth + 1) - 1
    place = torch.arange(per).repeat(trees)
    first = torch.arange(trees).repeat_interleave(per) * per
    column = torch.randint(z.shape[1], place.shape, generator=draws)
    threshold = z[torch.randint(len(z), place.shape, generator=draws), column]
    leaf = place >= 2**depth - 1
    value = torch.randint(-1, 2, place.shape, generator=draws).double()
    return Trees(
        encoding,
        torch.arange(trees) * per,
        torch.where(leaf, -1, column),
        threshold,
        torch.where(leaf, 0, first + 2 * place + 1),
        torch.where(leaf, 0, first + 2 * place + 2),
        torch.where(leaf, value, 0.0),
        base=0.25,
        least=1.0,
        rounding=0.01,
    )


def town(seed: int, *, rules: bool = False) -> Problem:
    problem = table_problem(seed, rules=rules)
    features = problem.features
    return replace(problem, draw=lambda people, draws: table_answers(people, features, draws, most=len(features)))


def effects(problem: Problem, knows: frozenset[Knowledge], people: int = 12) -> Effects:
    seen = problem.seen_by(knows)
    return Effects(seen, Ladders.of(seen, 3), Audience.of(seen, seed=0, most=people))


def drawn(table: Effects, count: int, seed: int = 0) -> Tensor:
    draws = generator(seed, "test")
    rungs = [torch.randint(len(ladder), (count,), generator=draws) for ladder in table.ladders.ladders]
    home = torch.rand((count, len(rungs)), generator=draws) < 0.4
    return torch.where(home, table.ladders.home, torch.stack(rungs, 1))


@pytest.mark.parametrize(("seed", "kept"), [(1, boxes._KEPT), (2, 1)])
def test_what_is_read_off_trees_is_what_they_decide(seed, kept, monkeypatch):
    monkeypatch.setattr(boxes, "_KEPT", kept)
    monkeypatch.setattr(boxes, "_CHEAPER", 1 << 40)
    problem = town(seed, rules=seed == 3)
    problem = replace(problem, decisions=Walked(grown(problem, 6, 4, seed)))
    read, asked = effects(problem, READS), effects(problem, ASKS)
    before = problem.decisions.asked
    actions = drawn(asked, 40)
    read.ask(actions)
    assert problem.decisions.asked == before  # no sum is near the least one
    asked.ask(actions)
    assert problem.decisions.asked > before
    assert 0.01 < asked.works.double().mean() < 0.95
    assert torch.equal(read.works, asked.works)
    assert torch.equal(read.cost, asked.cost)
    assert torch.equal(read.bits, asked.bits)


def test_whoever_is_so_close_that_rounding_decides_is_asked_about():
    problem = town(1)
    model = Walked(replace(grown(problem, 6, 4, 1), base=0.0))  # sums are whole, and many are what is asked for
    problem = replace(problem, decisions=model)
    factual, columns = problem.training.x[:5], [problem.features.index(name) for name in ("grade", "home")]
    reached = [torch.arange(3.0).expand(5, 3)] * 2
    every = factual[:, None, None].expand(5, 3, 3, -1).clone()
    every[..., columns[0]], every[..., columns[1]] = reached[0][:, :, None], reached[1][:, None, :]
    decided = model.accepts(every)
    before, off = model.asked, replace(model.trees, base=-0.005)  # what is read is less than what the model sums
    assert torch.equal(accepted_by_trees(problem, off, factual, columns, reached), decided)
    assert 0 < model.asked - before < decided.numel()
    without = accepted_by_trees(problem, replace(off, rounding=0.0), factual, columns, reached)
    assert not torch.equal(without, decided)


@cache
def forest(kind: str) -> Problem:
    problem = town(2)
    made = {"forest": Forest(trees=15, leaf=1), "boosting": Boosting(trees=10)}[kind]
    people = replace(problem.training, y=problem.decisions.accepts(problem.training.x).float())
    return replace(problem, decisions=made.fit(problem.features, people, people, seed=0))


@pytest.mark.parametrize("kind", ["forest", "boosting"])
def test_trees_of_a_file_decide_as_the_file_does(kind):
    problem = forest(kind)
    trees = problem.seen_by(READS).trees
    sums = torch.tensor(Walked(trees).sums(problem.training.x[:150])).double()
    model = problem.decisions.probability(problem.training.x[:150]).double()
    model = model if kind == "forest" else model.logit()
    torch.testing.assert_close(sums, model, rtol=0, atol=1e-5)
    read, asked = effects(problem, READS), effects(problem, ASKS)
    assert read._by_trees is not None
    assert asked._by_trees is None
    actions = drawn(asked, 150)
    numbers = read.ask(actions)
    assert torch.equal(numbers, asked.ask(actions))
    assert torch.equal(read.works, asked.works)


def test_the_menu_is_the_same_where_decisions_must_be_asked_for():
    problem = forest("forest")
    solvers = FairSac(steps=240, update_every=80), FairSac(steps=240, update_every=80)
    solvers[0].fit(problem.seen_by(FairSac.knows), seed=0)
    solvers[1].fit(replace(problem.seen_by(FairSac.knows), decisions=DecisionsOnly(problem.decisions)), seed=0)
    assert torch.equal(solvers[0].menu.moves, solvers[1].menu.moves)
    assert torch.equal(solvers[0].menu.amounts, solvers[1].menu.amounts)
    assert solvers[0].menu.there.any()


def test_trees_are_told_to_whom_they_are_declared_and_where_there_are_any():
    problem = forest("forest")
    with pytest.raises(Exception, match="asked for 'structure'"):
        _ = problem.seen_by(ASKS).trees
    network = Relu(hidden="4", epochs=1).fit(problem.features, problem.training, problem.training, seed=0)
    with pytest.raises(NotApplicable, match="no trees"):
        _ = replace(problem, decisions=network).seen_by(READS).trees

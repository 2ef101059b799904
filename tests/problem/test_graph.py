"""The causal graph against brute force on random graphs."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recourse_arena import ArenaError, CausalGraph


@st.composite
def graphs(draw) -> CausalGraph:
    """Draw a graph of up to seven features whose columns come in any order."""
    names = tuple("abcdefg"[: draw(st.integers(1, 7))])
    order = draw(st.permutations(names))
    parents = {
        child: tuple(draw(st.lists(st.sampled_from(order[:place]), unique=True)) if place else ())
        for place, child in enumerate(order)
    }
    return CausalGraph(names, {child: causes for child, causes in parents.items() if causes})


def paths_from(graph: CausalGraph, name: str) -> list[tuple[str, ...]]:
    """Return every directed path that starts in `name`."""
    children = [child for child, parents in graph.parents.items() if name in parents]
    return [(name,), *((name, *path) for child in children for path in paths_from(graph, child))]


@given(graphs())
def test_parents_come_before_children(graph):
    assert sorted(graph.order) == sorted(graph.names)
    for child, parents in graph.parents.items():
        assert all(graph.order.index(parent) < graph.order.index(child) for parent in parents)


@given(st.permutations("abcde"))
def test_without_edges_the_order_is_that_of_the_columns(names):
    assert CausalGraph(tuple(names), {}).order == tuple(names)


@given(graphs())
def test_adjacency_says_who_depends_on_whom(graph):
    for i, child in enumerate(graph.names):
        for j, parent in enumerate(graph.names):
            assert bool(graph.adjacency[i, j]) == (i == j or parent in graph.parents.get(child, ()))


@given(graphs())
def test_reach_holds_a_feature_and_whatever_a_path_leads_to(graph):
    for j, name in enumerate(graph.names):
        reached = {path[-1] for path in paths_from(graph, name)}
        assert {graph.names[i] for i in graph.reach[j].nonzero().flatten()} == reached


@given(graphs(), st.data())
def test_the_longest_path_is_that_of_brute_force(graph, data):
    sources = data.draw(st.sets(st.sampled_from(graph.names)))
    lengths = [len(path) - 1 for name in sources for path in paths_from(graph, name)]
    assert graph.longest_path(sources) == max(lengths, default=0)


@given(graphs(), st.data())
def test_layers_hold_the_descendants_by_their_longest_path_from_the_sources(graph, data):
    sources = data.draw(st.sets(st.sampled_from(graph.names)))
    depth: dict[str, int] = {}
    for name in sources:
        for path in paths_from(graph, name):
            depth[path[-1]] = max(depth.get(path[-1], 0), len(path) - 1)
    layers = [[graph.names[i] for i in layer] for layer in graph.layers_behind(sources)]
    assert len(layers) == graph.longest_path(sources)
    for length, layer in enumerate(layers, start=1):
        assert layer == [name for name in graph.names if depth.get(name) == length]


@given(graphs(), st.data())
def test_an_edge_back_from_a_descendant_is_a_cycle_and_the_error_walks_it(graph, data):
    start = data.draw(st.sampled_from(graph.names))
    end = data.draw(st.sampled_from(paths_from(graph, start)))[-1]
    parents = dict(graph.parents) | {start: (*graph.parents.get(start, ()), end)}
    with pytest.raises(ArenaError, match="the causal graph has a cycle: ") as error:
        CausalGraph(graph.names, parents)
    walk = str(error.value).split(": ")[1].split(" -> ")
    assert walk[0] == walk[-1]
    assert all(cause in parents[effect] for cause, effect in pairwise(walk))


def test_a_cycle_of_names_with_spaces_is_shown_whole():
    with pytest.raises(ArenaError, match=re.escape("cycle: loan term -> loan sum -> loan term")):
        CausalGraph(("loan term", "loan sum"), {"loan term": ("loan sum",), "loan sum": ("loan term",)})


@pytest.mark.parametrize("parents", [{"incme": ("age",)}, {"age": ("incme",)}])
def test_a_misspelt_feature_is_named_with_its_near_match(parents):
    with pytest.raises(ArenaError, match=r"'incme'. Did you mean 'income'"):
        CausalGraph(("age", "income"), parents)

"""A plugin for tests: metrics that are averages, and one that is not."""

from __future__ import annotations

from recourse_arena import Average, Metric, hookimpl


def single(people):
    return (people["actions"] == 1).where(people["valid"].astype(bool))


OFFERED = [
    Metric(
        "single_action",
        "higher",
        "share",
        "people with a valid recommendation",
        "Acts on a single feature.",
        title="single",
        average=Average(single, among_valid=True),
        shown=True,
    ),
    Metric(
        "reach",
        "lower",
        "data units",
        "people with a valid recommendation",
        "Mean l2 norm of the change.",
        average=Average(lambda people: people["l2"].where(people["valid"].astype(bool)), "mean", among_valid=True),
    ),
    Metric("oldest", "none", "people", "everybody asking", "People asked.", lambda people, timings: len(people)),
]


@hookimpl
def recourse_metrics():
    return OFFERED

"""A plugin for tests: the tiny dataset with an attribute that nobody sees, and assignments of profiles."""

from __future__ import annotations

from dataclasses import replace

import tiny
import torch

from recourse_arena import Feature, FeatureTable, Kind, Split, Splits, hookimpl
from recourse_arena.people.assignment import AtRandom, ByAttribute, ByQuantile

PROFILES = ("workers", "earners")


class Towns(tiny.Tiny):
    """Everybody lives in one of two towns, in turn."""

    name = "towns"
    favoured = {"workers": ("effort", "income"), "earners": ("income", "effort")}  # noqa: RUF012
    assignments = {  # noqa: RUF012
        "by-chance": AtRandom(*PROFILES),
        "by-effort": ByQuantile(*PROFILES, feature="effort", quantile=0.75),
        "by-town": ByAttribute(*PROFILES, attribute="town", shares={"north": 1.0, "south": 0.0}),
        "by-nothing": AtRandom("workers", "idlers"),
    }
    attributes = FeatureTable((Feature("town", kind=Kind.BINARY, levels=("north", "south"), sensitive=True),))

    def splits(self, *, seed, data):
        split = super().splits(seed=seed, data=data).recourse
        parts = (split.train, split.validation, split.test)
        split = Split(*(replace(people, attributes=torch.arange(len(people))[:, None] % 2.0) for people in parts))
        return Splits(split, split, split)


@hookimpl
def recourse_datasets():
    return [Towns]

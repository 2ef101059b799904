"""Solvers on a small budget, for tests of laws: what advice may be, not how good it is."""

from __future__ import annotations

SMALL = {
    "cchvae": "samples=10&shells=3&steps=2&hidden=4&step=1",
    "cem": "iterations=3&rounds=1&steps=2&hidden=4",
    "carma": "steps=8&batch=64&width=8&synthetic=200",
    "certified": "gap=0.3",
    "cols": "functions=4&rounds=2&answers=3",
    "cfproto": "iterations=3&rounds=1&steps=2&hidden=4",
    "clue": "iterations=3&steps=2&hidden=4",
    "convex": "iterations=1&starts=1&subsets=1",
    "flipset": "points=10",
    "face": "people=100&neighbours=8",
    "frontier": "train=1&subsets=2",
    "dice": "samples=10&counterfactuals=1",
    "fair-sac": "steps=320&update_every=64",
    "growing-spheres": "samples=50&layers=5",
    "icarma": "steps=8&batch=64&width=8&synthetic=200",
    "climb": "menus=100&people=60&rungs=6",
    "individual": "rungs=8",
    "mcce": "samples=20&leaf=20",
    "menu": "coarse=20&people=60&rungs=6",
    "ares": "bins=3&people=60",
    "cet": "coarse=20&people=60&rungs=6",
    "globe-ce": "directions=4&scalars=4&people=60&rungs=6",
    "ppcef": "iterations=3&rounds=1&steps=2",
    "projected": "steps=8&restarts=1",
    "revise": "iterations=3&rounds=1&steps=2&hidden=4",
    "wachter": "rounds=3&steps=5",
}
"""Options of solvers that train or search long; on a smaller one they help nobody where laws are to see actions."""

ROBUST = {
    "arar": "price=0&steps=4",
    "claproar": "price=0&steps=10",
    "ellice": "price=0&steps=4&loss=0.001",
    "gravitational": "price=0&steps=10&penalty=0.1",
    "probe": "price=0&steps=4&draws=20",
    "proplace": "price=0&steps=8&delta=0.002",
    "rbr": "steps=5&draws=20",
    "roar": "price=0&steps=4&delta=0.02",
    "trex": "price=0&steps=4&draws=32",
}
"""Solvers that share their search, on a small budget as well."""


def configured(name: str) -> str:
    """Return a solver's name with its small budget, if it has one."""
    options = {**SMALL, **ROBUST}.get(name)
    return f"{name}?{options}" if options else name

"""Solvers ranked side by side, with intervals."""

"""Solver code in processes of its own: it never runs where anything is judged, and what it says is parsed as data."""

"""Boards: entries from anybody, what re-judging found of them, and what they say together."""

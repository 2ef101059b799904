"""Entries judged again: every action re-applied, every number computed anew, every difference told."""

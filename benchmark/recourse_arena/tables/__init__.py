"""Datasets that are a table: declared in TOML, read from files, or made of a frame."""

"""Suites, plans, the runner and what it keeps."""

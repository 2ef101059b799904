"""A run against what a paper published."""

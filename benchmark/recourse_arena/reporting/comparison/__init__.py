"""A run against an earlier one: the gate of continuous integration."""

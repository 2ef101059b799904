"""Menus of shared actions: whom they help, by group, at which cost, and what fairness takes from whom."""

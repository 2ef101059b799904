"""Shared actions: menus from which people pick, and what is asked of them."""

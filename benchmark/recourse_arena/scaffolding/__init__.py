"""Packages for plugins, made from templates."""

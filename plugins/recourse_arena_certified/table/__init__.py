"""Certificates on tables without effects: moves of one person, split into parts, and a linear program for each."""

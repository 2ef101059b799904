"""Entries: a run as one file that can be sent, and what is believed of one that comes; without torch."""

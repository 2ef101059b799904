"""Causal models: structural equations that are known, and flows that are learnt."""

"""Causal models: structural equations and causal flows."""

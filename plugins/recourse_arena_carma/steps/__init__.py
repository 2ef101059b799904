"""A step of training on a causal flow: who is visited, what becomes of them, and the slopes of it."""

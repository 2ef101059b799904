"""The nouns of algorithmic recourse: the ground floor, which imports nothing above it."""

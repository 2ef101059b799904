"""A process of its own for other people's code."""

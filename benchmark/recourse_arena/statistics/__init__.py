"""How sure a number is; NumPy and SciPy only."""

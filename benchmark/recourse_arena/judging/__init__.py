"""What a recommendation is worth: the judge, constraints, metrics, certificates."""

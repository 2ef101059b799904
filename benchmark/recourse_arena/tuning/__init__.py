"""Better options for a solver, found on validation people."""

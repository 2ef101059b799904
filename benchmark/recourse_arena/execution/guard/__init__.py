"""What keeps a solver's faults its own."""

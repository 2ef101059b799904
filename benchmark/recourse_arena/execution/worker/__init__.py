"""How one task is worked on."""

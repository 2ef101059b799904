"""How all tasks of a run are worked on."""

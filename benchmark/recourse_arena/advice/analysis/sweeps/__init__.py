"""One feature after the other taken through its feasible values, the rest of an action as it is."""

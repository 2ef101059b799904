"""Sequential convex programming on tables where nothing follows from an action."""

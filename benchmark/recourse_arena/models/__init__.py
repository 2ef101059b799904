"""What decides, what follows from an action, and what is likely."""

"""What can be said of one person's actions without asking a solver."""

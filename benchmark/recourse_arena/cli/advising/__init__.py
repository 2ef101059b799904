"""Commands for one person."""

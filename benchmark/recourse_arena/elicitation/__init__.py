"""How people are asked, or simulated."""

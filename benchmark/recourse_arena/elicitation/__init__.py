"""How people say what they can act on: schemes, sampled populations, and answers from a file."""

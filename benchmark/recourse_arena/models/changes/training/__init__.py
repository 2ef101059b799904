"""Networks in training: with quantizers in between, on labels, on what they said, and on recourse of people."""

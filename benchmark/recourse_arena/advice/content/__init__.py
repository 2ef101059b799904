"""What is asked and what is told: data, words, page and seals, without models."""

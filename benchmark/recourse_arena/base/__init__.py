"""What every room may use: errors, names, randomness, keys, arithmetic, folders."""

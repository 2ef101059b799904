"""Trees as structure: what exact solvers read of forests and boosted trees."""

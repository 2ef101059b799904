"""What the entries of a board say together: pools, ranks, what nobody beats, and what changed."""

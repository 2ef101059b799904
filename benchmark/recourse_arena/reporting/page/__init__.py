"""A leaderboard as one self-contained page."""

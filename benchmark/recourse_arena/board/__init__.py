"""The public board: runs of anybody as entries, judged again before they count, and what becomes of them over time."""

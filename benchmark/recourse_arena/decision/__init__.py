"""The decision model people ask recourse from."""

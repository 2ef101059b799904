"""What all figures of a run rest on: its tables, and one look."""

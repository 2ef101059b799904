"""What can be plugged in: one noun a file."""

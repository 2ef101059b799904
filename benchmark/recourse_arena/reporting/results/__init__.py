"""Runs read back: values of people by cell."""

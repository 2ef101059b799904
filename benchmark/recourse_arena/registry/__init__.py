"""Who is plugged in: found by entry point, imported when used, refused with a reason."""

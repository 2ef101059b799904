"""What people's own constraints do to the methods of the field."""

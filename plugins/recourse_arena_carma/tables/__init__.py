"""The networks where nothing follows from anything: they shift features themselves, and choose levels."""

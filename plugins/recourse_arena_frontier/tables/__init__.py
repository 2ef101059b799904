"""Tables with categories, where nothing follows from an action: levels one by one, numbers along slopes."""

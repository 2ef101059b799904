"""Values and slopes of decision, effects and density, for rows of people: the last dimension of every tensor."""

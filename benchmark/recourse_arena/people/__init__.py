"""Who asks: features, people, boxes, groups, and which preferences they are assigned."""

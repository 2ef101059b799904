"""What networks are made of: matrix products, and networks of which only a part moves."""

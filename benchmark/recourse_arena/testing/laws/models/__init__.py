"""What decision models keep, and what may become of them."""

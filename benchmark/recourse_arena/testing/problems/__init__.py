"""Small problems on which laws are tried."""

"""Where effects are known: what a person can do in pieces, on each of which all but the network is linear."""

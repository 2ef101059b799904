"""Generative models of encoded people that the suite fits for solvers that declare them."""

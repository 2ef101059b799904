"""Certificates where the decision model is a sum of trees: cells between thresholds, and parts of them."""

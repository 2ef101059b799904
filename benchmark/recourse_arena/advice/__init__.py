"""Advice for one person: found by solvers, judged by the judge, told in words."""

"""Methods of the field, held to one person: what is free, which box, which rules; or as their authors wrote them."""

from recourse_arena_adapting.asking import CONSTRAINTS, Asking, asked
from recourse_arena_adapting.donors import Donors
from recourse_arena_adapting.settings import one_of, share, whole, yes_or_no

__all__ = ["CONSTRAINTS", "Asking", "Donors", "asked", "one_of", "share", "whole", "yes_or_no"]

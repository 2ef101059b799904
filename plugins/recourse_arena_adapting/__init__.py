"""Methods of the field, held to one person: what is free, which box, which rules; or as their authors wrote them."""

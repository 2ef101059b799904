"""Decision models that are made fairer, or less fair, than their training people make them."""

"""Published numbers of the field's methods beside ours."""

"""A board as a page, as Markdown and as plain text."""

"""What people look at: leaderboards as table, Markdown, page, CSV and JSON. Needs no torch."""

"""What a run consists of: suites, plans, and the graph of tasks with their content keys."""

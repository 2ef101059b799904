"""A run of menus against *Fair Recourse for All* (arXiv 2601.20449) and against what should hold."""

"""What came out: leaderboards, comparisons, figures and pages, from run folders alone."""

"""One decision system, examined for who must answer for it: from a run to a report in plain words."""

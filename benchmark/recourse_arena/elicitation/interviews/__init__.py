"""One person: who they are, what they are asked, what they say they could change; without torch."""

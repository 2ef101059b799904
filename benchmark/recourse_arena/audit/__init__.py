"""An audit of one decision system: who is refused, who can do something about it, at what cost."""

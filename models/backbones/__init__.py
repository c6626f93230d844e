"""TODO-WING."""

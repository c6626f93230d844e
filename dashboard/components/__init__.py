"""Widgets that several pages use; each owns its keys."""

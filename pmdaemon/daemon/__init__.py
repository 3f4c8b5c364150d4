"""The composition root: wiring and the life of the daemon."""

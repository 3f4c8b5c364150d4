"""Keeps programs running."""

__version__ = "0.1.0"

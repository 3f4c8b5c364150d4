"""Fronts: what listens, and translates."""

"""Carries out what the core decides, through interfaces."""

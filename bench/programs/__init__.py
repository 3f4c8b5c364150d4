"""Programs to be kept running while a figure is taken."""

"""Each facility of the world, one a module."""

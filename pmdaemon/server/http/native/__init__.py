"""The PMDaemon API."""

"""The dashboard: a page for people, which is a client of the PMDaemon API like any other."""

"""The store, in SQLite."""

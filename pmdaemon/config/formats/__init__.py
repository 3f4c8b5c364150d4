"""One module a format: from its text to plain data, or a `ValueError` that says what and where."""

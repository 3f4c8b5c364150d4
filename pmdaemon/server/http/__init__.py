"""The web server and its dialects."""

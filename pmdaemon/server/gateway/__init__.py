"""The reverse proxy: its own listeners, and requests on their way to services and back."""

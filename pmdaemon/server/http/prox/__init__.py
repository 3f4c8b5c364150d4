"""The API of prox, below `/api/v1`."""

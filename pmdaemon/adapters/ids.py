"""Ids that nobody guesses and nobody else has."""


def random_id() -> str:
    """Make a random UUID (RFC 9562, 5.4)."""
    import uuid  # noqa: PLC0415 - for those who have accounts or projects

    return str(uuid.uuid4())

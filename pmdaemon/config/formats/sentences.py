"""Putting what parsers say into our sentences."""


def lowered(sentence: str) -> str:
    """Begin a sentence with a small letter, as it stands behind another."""
    return sentence[:1].lower() + sentence[1:]


def number_too_long(error: ValueError) -> bool:
    """Tell Python's own limit on digits, whose sentence advises people who cannot follow it."""
    return "digits" in str(error)

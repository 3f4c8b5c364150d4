"""TOML."""

from typing import Any

import tomli

from pmdaemon.config.formats.sentences import lowered, number_too_long


def parse(text: str) -> dict[str, Any]:
    """Read TOML.

    Raises:
        ValueError: it is not TOML; the sentence has the line and the column.

    """
    try:
        return tomli.loads(text)
    except ValueError as error:
        if number_too_long(error):
            raise ValueError("a number in it is too long") from error
        # The parser's sentence has the place already, as "(at line 3, column 5)".
        raise ValueError(lowered(str(error)).replace("(at ", "at ").removesuffix(")")) from error

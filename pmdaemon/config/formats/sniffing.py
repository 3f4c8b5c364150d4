"""Which format a text is in: told by the name of its file, or, without one, by how it begins."""

import re
from typing import Literal

Format = Literal["toml", "json", "yaml", "procfile"]

_TABLE = re.compile(r"\[\[?\s*[\w\"'.-]+\s*\]")
_SETTING = re.compile(r"[\w\"'.-]+\s*=")
_LIST_OF_WORDS = re.compile(r"\[\s*\"[^\"]*\"\s*\]")


def format_of(path: str, text: str) -> Format:
    """Tell the format of a text."""
    lowered = path.lower()
    if lowered.endswith(".toml"):
        return "toml"
    if lowered.endswith((".json", ".json5", ".jsonc")):
        return "json"
    if lowered.endswith((".yaml", ".yml")):
        return "yaml"
    if path.rpartition("/")[2].startswith("Procfile"):
        return "procfile"
    return _by_its_beginning(text)


def _by_its_beginning(text: str) -> Format:
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    if _SETTING.match(first) or (_TABLE.match(first) and not _LIST_OF_WORDS.match(first)):
        return "toml"
    return "json" if first.startswith(("{", "[", "(", "//", "/*")) else "yaml"

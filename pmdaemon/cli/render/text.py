"""Text from outside in a terminal: made harmless, measured, cut to a width."""

_JOINER = "\u200d"


def harmless(text: str) -> str:
    """Write characters that control the terminal, or are none at all, as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        each
        if each.isprintable() or each == _JOINER
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def width(text: str) -> int:
    """Count the columns that a terminal gives to `text`."""
    return len(text) if text.isascii() else sum(size for _, size in _measured(text))


def fit(text: str, columns: int, *, ellipsis: str = "…") -> str:
    """Cut `text` to so many columns; what was cut shows by an ellipsis."""
    if width(text) <= columns:
        return text
    kept = ""
    left = columns - width(ellipsis)
    for cluster, size in _measured(text):
        left -= size
        if left < 0:
            break
        kept += cluster
    return (kept + ellipsis) if columns >= width(ellipsis) else ""


def _measured(text: str) -> list[tuple[str, int]]:
    """Take text apart into what is drawn as one, each with its width.

    East Asian wide characters take two columns (Unicode Standard Annex 11), combining ones none;
    what a zero-width joiner holds together is drawn as one emoji by terminals that know it, and
    as several by others: the first is assumed.
    """
    # Most text is ASCII and does not pay for the tables.
    import unicodedata  # noqa: PLC0415

    clusters: list[tuple[str, int]] = []
    joined = False
    for each in text:
        invisible = unicodedata.category(each) in {"Mn", "Me", "Cf"}
        if clusters and (invisible or joined):
            cluster, size = clusters[-1]
            emoji = each == "\ufe0f"
            clusters[-1] = (cluster + each, 2 if emoji else size)
        else:
            wide = unicodedata.east_asian_width(each) in {"W", "F"}
            clusters.append((each, 0 if invisible else 2 if wide else 1))
        joined = each == _JOINER
    return clusters

"""Curves out of characters, for a terminal."""

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"
_PLAIN = " .:-=+*%#"


def graph(
    values: Sequence[float], *, columns: int, rows: int, least_top: float, unicode: bool = True
) -> list[str]:
    """Draw the latest values as a curve, the newest at the right; each value takes one column.

    Args:
        values: what to draw, none below 0.
        columns: how wide.
        rows: how high; a row has eight steps.
        least_top: the top of the curve is the largest value, and never less than this.
        unicode: whether block characters can be shown.

    """
    shown = [*values][-columns:] if columns > 0 else []
    top = max([least_top, *shown])
    heights = [round(value / top * rows * 8) if top else 0 for value in shown]
    # Whatever is above 0 shows.
    heights = [
        max(1, height) if value > 0 else 0 for value, height in zip(shown, heights, strict=True)
    ]
    steps = _BLOCKS if unicode else _PLAIN
    missing = " " * (columns - len(shown))
    return [
        missing + "".join(steps[min(8, max(0, height - 8 * row))] for height in heights)
        for row in reversed(range(rows))
    ]

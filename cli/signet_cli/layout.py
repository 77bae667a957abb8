"""How wide the columns of a table are on a terminal: narrower at blanks, never through what somebody copies."""

from collections.abc import Sequence

from rich.cells import cell_len

GAP = 2
"""Blanks between two columns."""
FOLDED = 40
"""The last column may be folded anywhere, to no less than this."""


def without_empty(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[list[str], list[list[str]]]:
    """The columns that say something, and their cells; all of them where there is no row."""
    kept = [number for number in range(len(columns)) if not rows or any(row[number] for row in rows)]
    return [columns[number] for number in kept], [[row[number] for number in kept] for row in rows]


def fitted(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """A width for each column, None where words would have to be broken for the whole to fit into `width`."""
    cells = list(zip(columns, *rows, strict=True))
    widths = [max(map(cell_len, column)) for column in cells]
    least = [max(cell_len(word) for cell in column for word in cell.split(" ")) for column in cells]
    if len(columns) > 2:
        least[-1] = min(least[-1], FOLDED)
    while (excess := sum(widths) + GAP * (len(widths) - 1) - width) > 0:
        spare = [have - need for have, need in zip(widths, least, strict=True)]
        widest = max((number for number, left in enumerate(spare) if left > 0), key=widths.__getitem__, default=None)
        if widest is None:
            return None
        others = [width for number, width in enumerate(widths) if number != widest and spare[number] > 0]
        surplus = max(1, widths[widest] - max(others, default=0))
        widths[widest] -= min(excess, spare[widest], surplus)
    return widths

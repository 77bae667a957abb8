"""How clients are shown: tables for people, JSON for machines, and nothing raw on a terminal."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signet.model.client import Client, ClientSecret

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def printable(text: str) -> str:
    """`text` with everything a terminal could act on (controls, direction marks, lone surrogates) spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_json(value: object) -> None:
    """The only thing on standard output."""
    print(json.dumps(value, indent=2))


def moment(seconds: int) -> str:
    """A time of epoch seconds for people."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return str(seconds)


def secret_line(secret: ClientSecret, now: float) -> str:
    """The times of one secret, and whether it is a short one."""
    created = f"{'short, ' if secret.is_short else ''}created {moment(secret.created_at)}"
    if secret.expires_at is None:
        return f"{created}, does not expire"
    return f"{created}, {'expires' if secret.lives(now) else 'expired'} {moment(secret.expires_at)}"


def print_members(values: Iterable[tuple[str, Any]]) -> None:
    """One line for each member that has a value; lines are never folded, so that what is copied is whole."""
    from rich.table import Table

    table = Table("member", "value", box=None, pad_edge=False, header_style="bold")
    for name, value in values:
        if value != []:
            table.add_row(printable(name), printable(_value(name, value)))
    _print_table(table)


def print_clients(clients: Iterable[Client], now: float) -> None:
    """A line for each client, as it is at that time."""
    rows = []
    for client in clients:
        lists = (" ".join(client.grant_types), " ".join(client.redirect_uris))
        rows.append(
            (client.client_id, client.client_name, _kind(client, now), *lists, moment(client.client_id_issued_at))
        )
    print_rows(("client_id", "client_name", "kind", "grant_types", "redirect_uris", "client_id_issued_at"), rows)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A line for each row, whole in a pipe.

    A terminal gets the columns that say something, folded at blanks; where that does not suffice a block for each row,
    so that an id is copied whole.
    """
    from signet_cli.layout import fitted, without_empty

    shown = [[printable(cell) for cell in row] for row in rows]
    console = _console()
    if not console.is_terminal:
        _print_table(_table(columns, shown))
        return
    columns, shown = without_empty(columns, shown)
    widths = fitted(columns, shown, console.width)
    if widths or len(columns) == 2:
        _print_table(_table(columns, shown, widths))
        return
    for number, row in enumerate(shown):
        if number:
            console.print()
        _print_table(_block(columns, row))


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] | None = None) -> "Table":
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False)
    for number, column in enumerate(table.columns):
        column.overflow = "fold"
        column.header_style = "bold"
        column.width = widths[number] if widths else None
    for row in rows:
        table.add_row(*row)
    return table


def _block(columns: Sequence[str], row: Sequence[str]) -> "Table":
    """One row, a line for each cell that says something."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", min_width=max(map(len, columns)))
    table.add_column()
    for name, cell in zip(columns, row, strict=True):
        if cell:
            table.add_row(name, cell)
    return table


def _kind(client: Client, now: float) -> str:
    """What sets a client apart, in a few words."""
    words = {
        "public" if client.is_public else "confidential": True,
        "first-party": client.first_party,
        "no PKCE": not client.require_pkce,
        "short secret": any(secret.is_short and secret.lives(now) for secret in client.client_secrets),
    }
    return ", ".join(word for word, applies in words.items() if applies)


def _value(name: str, value: Any) -> str:
    if name.endswith("_at"):
        return moment(value) if value else "never"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _print_table(table: "Table") -> None:
    """As wide as the table is: lines that go beyond the terminal are the terminal's to fold, and are copied whole."""
    console = _console()
    console.width = max(console.width, console.measure(table, options=console.options.update(width=100_000)).maximum)
    console.print(table, soft_wrap=True)

"""Options that say client metadata, each by the member of RFC 7591 that it becomes."""

import re
from typing import Annotated, Any

import typer

from signet.settings import LONGEST_REFRESH_TOKEN_LIFETIME
from signet_cli.mistake import Mistake

LONGEST_DURATION = 90 * 86_400
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(duration: str, longest: int = LONGEST_DURATION) -> int:
    """Seconds of `90`, `90s`, `15m`, `1h` or `7d`; at most `longest`, a whole number of days."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd]?)", str(duration))  # a default comes as the number it is
    if not match or int(match[1]) * _UNITS[match[2]] > longest:
        days = longest // _UNITS["d"]
        raise typer.BadParameter(f"must be seconds, or a number with s, m, h or d (15m, 1h, 7d), at most {days}d")
    return int(match[1]) * _UNITS[match[2]]


def duration(explained: str, longest: int = LONGEST_DURATION) -> Any:
    """An option that takes a time of at most `longest` seconds."""

    def parser(duration: str) -> int:
        return seconds(duration, longest)

    return typer.Option(parser=parser, metavar="SECONDS|15m|1h", show_default=False, help=explained)


def _option(metavar: str, explained: str) -> Any:
    return typer.Option(metavar=metavar, show_default=False, help=explained)


def _switch(names: str, explained: str) -> Any:
    return typer.Option(names, show_default=False, help=explained)


File = Annotated[
    str | None, typer.Argument(metavar="FILE|-", show_default=False, help="RFC 7591 metadata as a JSON object.")
]
Name = Annotated[str | None, _option("TEXT", "client_name: what people are told it is called.")]
GrantTypes = Annotated[list[str] | None, _option("TYPE", "grant_types, once for each.")]
AuthMethod = Annotated[str | None, _option("METHOD", "token_endpoint_auth_method; none for a public client.")]
RedirectUris = Annotated[
    list[str] | None,
    _option("URI", "redirect_uris, once for each. Matched exactly, but for the port of 127.0.0.1 and [::1]."),
]
PostLogoutRedirectUris = Annotated[
    list[str] | None, _option("URI", "post_logout_redirect_uris, once for each: where a logout may lead.")
]
FirstParty = Annotated[
    bool | None,
    _switch(
        "--first-party/--no-first-party",
        "first_party: an application of your own, whose users are not asked for consent. Yours to decide, never the"
        " client's.",
    ),
]
Pkce = Annotated[
    bool | None,
    _switch(
        "--pkce/--no-pkce",
        "require_pkce, the default. Without it a stolen code can be slipped into another session; only for a"
        " confidential client that cannot send a challenge.",
    ),
]
Scope = Annotated[str | None, _option("TEXT", "Scopes, separated by spaces.")]
Audience = Annotated[list[str] | None, _option("TEXT", "What its tokens are for, once for each.")]
AccessTokenLifetime = Annotated[int | None, duration("Seconds its tokens are valid.")]
RotateRefreshTokens = Annotated[
    bool | None,
    _switch(
        "--rotate-refresh-tokens/--no-rotate-refresh-tokens",
        "rotate_refresh_tokens, the default: each refresh token is used once. Without it a stolen one is not noticed;"
        " only for a confidential client that cannot keep the new one.",
    ),
]
RefreshTokenLifetime = Annotated[
    int | None,
    duration("Seconds from a sign-in to the end of all its refresh tokens.", LONGEST_REFRESH_TOKEN_LIFETIME),
]
RefreshTokenIdleLifetime = Annotated[
    int | None, duration("Seconds in which a refresh token must be used.", LONGEST_REFRESH_TOKEN_LIFETIME)
]
Claims = Annotated[list[str] | None, _option("NAME=TEXT", "A static claim of its tokens, once for each.")]
ScopeFormat = Annotated[str | None, _option("FORMAT", "How its tokens spell scope: string or list.")]
IdTokenAlg = Annotated[
    str | None,
    _option("ALG", "id_token_signed_response_alg: RS256 (the default), PS256, ES256 or EdDSA, where keys of it sign."),
]
AccessTokenAlg = Annotated[
    str | None, _option("ALG", "access_token_signed_response_alg, unless the resource has one of its own.")
]


def given(**options: Any) -> dict[str, Any]:
    """The members that options were given for."""
    return {name: value for name, value in options.items() if value is not None and value != []}


def with_claims(claims: object, options: list[str] | None) -> dict[str, Any] | None:
    """The claims with those of the options over them, name by name; None where no option changes them."""
    chosen: dict[str, Any] = {}
    for option in options or []:
        name, equals, value = option.partition("=")
        if not equals or not name or name in chosen:
            raise typer.BadParameter(
                "must be NAME=TEXT, each name once; other than text goes into a file", param_hint="--claim"
            )
        chosen[name] = value
    if not chosen or not (claims is None or isinstance(claims, dict)):
        return None
    return {**(claims or {}), **chosen}


def with_redirect_uris(present: object, added: list[str] | None, removed: list[str] | None) -> list[str] | None:
    """The URIs with some more and some less; None where no option changes them. Raises Mistake for one not there."""
    present = [] if present is None else present
    if not isinstance(present, list) or not (added or removed):
        return None
    missing = [uri for uri in removed or [] if uri not in present]
    if missing:
        raise Mistake(
            *(f"redirect_uris: {uri} is not one of them: `signet clients show` tells which" for uri in missing)
        )
    return list(dict.fromkeys([*(uri for uri in present if uri not in (removed or [])), *(added or [])]))

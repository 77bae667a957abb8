"""`signet tokens`: what a token says, whether it still counts, and how it is ended."""

import json
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote_plus

import typer

from signet_cli.mistake import Mistake
from signet_cli.secret_input import CLIENT_SECRET, read_client_secret, read_token
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from signet.tokens.inspect import KeyOf

app = typer.Typer(no_args_is_help=True, help="Read tokens, ask whether they count, and revoke them.")

NOT_VALID = 3
"""Exit code for a token that does not hold or does not count."""

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE|-",
        show_default=False,
        help="A file that holds the token; else standard input, or typed unseen.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]
Issuer = Annotated[
    str | None,
    typer.Option(metavar="URL", show_default=False, help="Any issuer, by its public metadata; no AWS is asked."),
]


@app.command()
def inspect(
    token: Source = None,
    *,
    jwks: Annotated[
        str | None,
        typer.Option(metavar="FILE", show_default=False, help="A key set in a file: nothing is asked at all."),
    ] = None,
    issuer: Issuer = None,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show which kind of token it is, what it says, and whether signature and times hold.

    Its keys are the stack's, those that only sign refresh tokens included. Whether it was revoked, a signature does
    not say: `signet tokens introspect` asks.

    Example: pbpaste | signet tokens inspect

    Exit codes: 0 it holds, 1 not possible, 2 wrong usage, 3 it does not hold.
    """
    from signet_cli import token_reading
    from signet_cli.display import print_json, print_members, print_rows

    if jwks and not issuer:
        raise typer.BadParameter("--jwks needs --issuer, which the token is to be of")
    key_of, expected = _keys(jwks, issuer, Location(local, stack, profile, region))
    now = time.time()
    read = token_reading.read(read_token(token), expected, key_of, now)
    if as_json:
        verified, holds = read.verified, not read.faults
        print_json(
            {"kind": read.kind, "holds": holds, "verified": verified, "faults": list(read.faults)}
            | {"header": dict(read.header), "claims": dict(read.claims)}
        )
    else:
        print_members([("kind", read.kind), *((name, str(value)) for name, value in read.header.items())])
        print()
        print_rows(("claim", "value", "meaning"), token_reading.described(read, now))
        print()
        if not read.verified:
            print("Nothing of this is proved: anybody could have written it.")
        print(*(read.faults or ("Signature and times hold.",)), sep="\n")
    if read.faults:
        raise typer.Exit(NOT_VALID)


@app.command()
def introspect(
    token: Source = None,
    *,
    client_id: Annotated[str, typer.Option(metavar="ID", show_default=False, help="The client that asks.")],
    post: Annotated[bool, typer.Option("--post", help="It is registered for client_secret_post.")] = False,
    issuer: Issuer = None,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Ask the service, as a client, whether a token counts now (RFC 7662).

    The client's secret is typed unseen, or in the environment as SIGNET_CLIENT_SECRET. A client learns of its own
    tokens and of those for its audiences; all others are inactive to it.

    Example: signet tokens introspect token.txt --client-id orders-api

    Exit codes: 0 active, 1 not possible, 2 wrong usage, 3 not active.
    """
    from signet_cli import web
    from signet_cli.display import print_json, print_members

    if issuer is None:
        with opened(Location(local, stack, profile, region)) as found:
            issuer = found.issuer
    form = {"token": read_token(token)}
    secret = read_client_secret()
    headers = {}
    if post:
        form |= {"client_id": client_id, "client_secret": secret}
    else:
        halves = f"{quote_plus(client_id)}:{quote_plus(secret)}"  # RFC 6749 section 2.3.1
        headers["Authorization"] = f"Basic {b64encode(halves.encode()).decode()}"
    answer = web.post_form(str(_metadata(issuer).get("introspection_endpoint")), form, headers)
    members = answer.json()
    if answer.status != 200:
        raise Mistake(
            f"the service refused: {members.get('error')}: {members.get('error_description', '')} (look at --client-id,"
            f" the secret in {CLIENT_SECRET}, and --post)"
        )
    if as_json:
        print_json(members)
    else:
        print_members(members.items())
    if members.get("active") is not True:
        raise typer.Exit(NOT_VALID)


@app.command()
def revoke(
    token: Source = None,
    *,
    jti: Annotated[
        str | None, typer.Option(metavar="ID", show_default=False, help="The access token of that jti.")
    ] = None,
    grant: Annotated[
        str | None,
        typer.Option("--grant", metavar="ID", show_default=False, help="The grant of that id, all its tokens."),
    ] = None,
    with_grant: Annotated[
        bool, typer.Option("--with-grant", help="Of an access token also its grant: all that came of the sign-in.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Revoke a token, or all tokens of a grant, whoever's they are.

    An access token is blacklisted until it would have expired, a refresh token ends its grant. Who verifies signatures
    alone goes on accepting an access token until then; introspection and userinfo refuse it at once.

    Example: signet tokens revoke --grant 3q2-7wAAAAAAAAAAAAAAAA
    """
    from signet_cli import revoking
    from signet_cli.display import print_json, print_members

    if sum(map(bool, (token, jti, grant))) > 1:
        raise typer.BadParameter("name one of them: a token, --jti or --grant")
    with opened(Location(local, stack, profile, region, dry_run)) as found:
        now = int(time.time())
        if jti or grant:
            revocation = revoking.named(jti, grant, now)
        else:
            key_of, expected = revoking.known_keys(found.key_sets().load()), found.issuer
            revocation = revoking.of_token(read_token(token), expected, key_of, now, with_grant=with_grant)
        known = revocation.grant_id is None or found.grants().get(revocation.grant_id, now) is not None
        if not known:
            raise Mistake(f"there is no grant {revocation.grant_id}: it has ended, or was never there")
        revocation.write(found.token_status(), found.grants(), now)
    members = {**revocation.members(), "revoked": not dry_run}
    if as_json:
        print_json(members)
    else:
        print_members(members.items())


def _keys(jwks: str | None, issuer: str | None, location: Location) -> "tuple[KeyOf, str]":
    """The keys by `kid`, and the issuer that a token is to be of. Raises Mistake."""
    from signet_cli import revoking, web

    if issuer is None:
        with opened(location) as found:
            return revoking.known_keys(found.key_sets().load()), found.issuer
    document = _key_set_file(jwks) if jwks else web.get(str(_metadata(issuer).get("jwks_uri"))).json()
    keys = [key for key in document.get("keys", ()) if isinstance(key, dict)]
    by_kid = {str(key.get("kid")): (str(key.get("alg", "RS256")), key) for key in keys}
    return by_kid.get, issuer


def _key_set_file(name: str) -> dict[str, Any]:
    try:
        document = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise Mistake(f"{name} cannot be read: {reason}") from None
    if not isinstance(document, dict):
        raise Mistake(f'{name} must hold a key set, {{"keys": [...]}}')
    return document


def _metadata(issuer: str) -> dict[str, Any]:
    """The issuer's metadata (OpenID Connect Discovery section 4). Raises Mistake where it names another issuer."""
    from signet_cli import web

    answer = web.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if answer.status != 200:
        raise Mistake(f"{issuer} has no metadata: it answered {answer.status}")
    metadata = answer.json()
    if metadata.get("issuer") != issuer:
        raise Mistake(f"{issuer} calls itself {metadata.get('issuer')}: name the issuer as it does")
    return metadata

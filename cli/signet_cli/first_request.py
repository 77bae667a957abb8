"""What to try with a client that has just been registered."""

import shlex
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from signet.model.client import Client

WITHOUT_PKCE = (
    "Without PKCE nothing ties a code to the browser it was given to: whoever steals one can slip it into another"
    " session of the application, which has to check nonce instead (RFC 9700 section 2.1.1)."
)
"""What it costs not to require a challenge."""


def first_request(client: Client, client_secret: str, issuer: str) -> Iterator[str]:
    """Lines that say how to begin, by each grant type of the client."""
    if "authorization_code" in client.grant_types:
        yield from _authorization(client, issuer)
    if "client_credentials" in client.grant_types:
        yield from _token(client, client_secret, issuer)


def _authorization(client: Client, issuer: str) -> Iterator[str]:
    """The authorization request (RFC 6749 section 4.1.1) with what the application fills in."""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[0],
        **({"scope": " ".join(client.scope)} if client.scope else {}),
        "state": "STATE",
        **({"code_challenge": "CODE_CHALLENGE", "code_challenge_method": "S256"} if client.require_pkce else {}),
    }
    yield "To sign somebody in, the application sends their browser to:"
    yield f"  {issuer}/oauth/authorize?{urlencode(parameters, quote_via=quote)}"
    yield "STATE is random and new for each request; it comes back with the code."
    if client.require_pkce:
        yield (
            "CODE_CHALLENGE (PKCE, RFC 7636) is the SHA-256, in base64url without =, of a new random code_verifier of"
            " 43 to 128 characters, which the application keeps to itself and sends when it redeems the code."
        )
    else:
        yield WITHOUT_PKCE


def _token(client: Client, client_secret: str, issuer: str) -> Iterator[str]:
    """How to ask for a token. The secret is typed in: shell history and process list never have it."""
    request = f"curl {shlex.quote(f'{issuer}/oauth/token')} --data grant_type=client_credentials"
    yield (
        "A first token, typing the secret when asked for it:" if _basic(client) else "A first token, typing the secret:"
    )
    if not _basic(client):
        client_id = shlex.quote(f"client_id={client.client_id}")
        yield (
            f'  read -rs CLIENT_SECRET; printf %s "$CLIENT_SECRET" |'
            f" {request} --data-urlencode {client_id} --data-urlencode client_secret@-"
        )
        return
    yield f"  {request} --user {shlex.quote(quote(client.client_id, safe=''))}"
    if ":" in client.client_id or not {"%", "+"}.isdisjoint(client.client_id + client_secret):
        yield "Its id or secret holds : + or %: applications form-encode it (RFC 6749 section 2.3.1), curl does not."


def _basic(client: Client) -> bool:
    return client.token_endpoint_auth_method == "client_secret_basic"  # noqa: S105 - a method's name

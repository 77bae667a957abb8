"""A registration in the members of RFC 7591 section 2."""

from collections.abc import Sequence
from typing import Any

from signet.model.client import Client


def members(client: Client) -> dict[str, Any]:
    """A registration's members, without secrets; what is empty or was not decided is left out."""
    candidates: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": client.client_id_issued_at,
        "client_name": client.client_name,
        "grant_types": list(client.grant_types),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        **_decisions(client),
        "scope": " ".join(client.scope),
        "audience": list(client.audience),
        "access_token_lifetime": client.access_token_lifetime,
        "refresh_token_lifetime": client.refresh_token_lifetime,
        "refresh_token_idle_lifetime": client.refresh_token_idle_lifetime,
        "claims": dict(client.claims),
        "scope_format": client.scope_format,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "access_token_signed_response_alg": client.access_token_signed_response_alg,
        "client_uri": client.client_uri,
        "logo_uri": client.logo_uri,
        "policy_uri": client.policy_uri,
        "tos_uri": client.tos_uri,
        "contacts": list(client.contacts),
    }
    present = {name: value for name, value in candidates.items() if value not in (None, "", [], {})}
    return {**present, "response_types": response_types(client.grant_types)}


def _decisions(client: Client) -> dict[str, bool]:
    """What is decided of each grant type; of other clients only what differs from the default."""
    decisions = (
        ("require_pkce", client.require_pkce, True, "authorization_code"),
        ("first_party", client.first_party, False, "authorization_code"),
        ("rotate_refresh_tokens", client.rotate_refresh_tokens, True, "refresh_token"),
    )
    return {
        name: value
        for name, value, default, grant_type in decisions
        if grant_type in client.grant_types or value is not default
    }


def response_types(grant_types: Sequence[str]) -> list[str]:
    """What the grant types imply (RFC 7591 section 2.1); stated even where empty, since left out it would be `code`."""
    return ["code"] if "authorization_code" in grant_types else []


def registration_response(client: Client, client_secret: str) -> dict[str, Any]:
    """The answer of RFC 7591 section 3.2.1: the registration with its secret, where it has one; it does not expire."""
    secret = {"client_secret": client_secret, "client_secret_expires_at": 0} if client_secret else {}
    return {**members(client), **secret}


def described(client: Client) -> dict[str, Any]:
    """A registration with the times of its secrets in epoch seconds, `expires_at` 0 for never; never their digests.

    One that is too short for a digest is marked as `short`.
    """
    secrets = [
        {"created_at": s.created_at, "expires_at": s.expires_at or 0, **({"short": True} if s.is_short else {})}
        for s in client.client_secrets
    ]
    return {**members(client), **({"client_secrets": secrets} if secrets else {})}

"""The endpoints on offer, each a row: the template's routes, the metadata and the shared tests are held to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint by name: the function that serves it, its paths (the first is the advertised one) and methods.

    `metadata_member` is its member of RFC 8414's document. `public` says that any web page may read it (CORS).
    """

    name: str
    function: str
    paths: tuple[str, ...]
    methods: tuple[str, ...]
    metadata_member: str | None = None
    public: bool = False


ENDPOINTS = {
    endpoint.name: endpoint
    for endpoint in (
        Endpoint(
            "token",
            "token",
            # the first path is ours; clients of other servers find theirs again in the rest
            ("/connect/oauth/token", "/connect-re7/oauth/token", "/oauth2-token", "/sc/oauth2/token"),
            ("POST",),
            metadata_member="token_endpoint",
            public=True,
        ),
        Endpoint(
            "authorization",
            "authorization",
            ("/connect/oauth/authorize",),
            ("GET", "POST"),
            metadata_member="authorization_endpoint",
        ),
        Endpoint(
            "assets",
            "authorization",
            ("/connect/assets/style.css", "/connect/assets/form_post.js", "/connect/assets/icon.svg"),
            ("GET", "HEAD"),
        ),
        Endpoint(
            "userinfo",
            "userinfo",
            ("/connect/oauth/userinfo",),
            ("GET", "POST"),
            metadata_member="userinfo_endpoint",
            public=True,
        ),
        Endpoint(
            "revocation",
            "revocation",
            ("/connect/oauth/revoke",),
            ("POST",),
            metadata_member="revocation_endpoint",
            public=True,
        ),
        Endpoint(
            "introspection",
            "introspection",
            ("/connect/oauth/introspect",),
            ("POST",),
            metadata_member="introspection_endpoint",
        ),
        Endpoint(
            "end_session",
            "end_session",
            ("/connect/oauth/end_session",),
            ("GET", "POST"),
            metadata_member="end_session_endpoint",
        ),
        Endpoint("account", "account", ("/connect/account",), ("GET", "POST")),
        Endpoint("jwks", "jwks", ("/connect/oauth/jwks",), ("GET", "HEAD"), metadata_member="jwks_uri", public=True),
        Endpoint(
            "metadata",
            "jwks",
            (
                "/connect/.well-known/openid-configuration",
                "/.well-known/openid-configuration/connect",
                "/.well-known/oauth-authorization-server/connect",
            ),
            ("GET", "HEAD"),
            public=True,
        ),
    )
}

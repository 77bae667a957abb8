"""Registering what people sign in to: redirect URIs, public clients, and what to try with them."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.fakes import InMemoryClientRegistry
from tests.unit.cli.conftest import ISSUER, Answer, CommandLine

CALLBACK = "https://app.example.com/callback?tenant=a%20b"


def authorization_request(answer: Answer) -> dict[str, list[str]]:
    """Parameters of the authorization URL that was shown."""
    [url] = [line.strip() for line in answer.stdout.splitlines() if "response_type=code" in line]
    assert url.startswith(f"{ISSUER}/oauth/authorize?")
    return parse_qs(urlsplit(url).query, strict_parsing=True)


def test_options_register_a_public_client(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """RFC 7591 section 3.2.1's answer, without a secret in it or in the registry."""
    options = (
        "--public --first-party --scope openid --redirect-uri http://127.0.0.1/cb --redirect-uri com.example.app:/cb"
    )
    more = "--post-logout-redirect-uri https://app.example.com/bye --client-id spa"
    answer = signet("clients", "create", "--json", *options.split(), *more.split())
    assert answer.json == {
        "client_id": "spa",
        "client_id_issued_at": answer.json["client_id_issued_at"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb"],
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "require_pkce": True,
        "first_party": True,
        "scope": "openid",
        "scope_format": "string",
    }
    stored = registry.get("spa")
    assert stored
    assert (stored.client_secrets, stored.redirect_uris) == ((), ("http://127.0.0.1/cb", "com.example.app:/cb"))


def test_a_public_client_is_told_to_have_no_secret(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """None is shown, and none can be rotated into being."""
    answer = signet("clients", "create", "--public", "--client-id", "spa", "--redirect-uri", CALLBACK)
    assert "client_secret" not in answer.stdout
    assert "A public client has no secret" in answer.stdout
    assert "client_secret" not in signet("clients", "show", "spa").stdout
    assert "client_secrets" not in signet("clients", "show", "spa", "--json").json
    for overlap in ([], ["--overlap", "1h"]):
        answer = signet("clients", "rotate-secret", "spa", "--json", *overlap)
        assert (answer.exit_code, answer.stdout) == (1, "")
        assert "spa is a public client (token_endpoint_auth_method none): it has no secret" in answer.stderr
    stored = registry.get("spa")
    assert stored
    assert stored.client_secrets == ()


def test_public_agrees_with_its_long_form(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """`--public` is short for `--auth-method none`, and overrides the file as that does."""
    typed = json.dumps({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_basic"})
    for method in (["--public"], ["--auth-method", "none"], ["--public", "--auth-method", "none"]):
        assert (
            signet("clients", "create", "-", "--json", *method, typed=typed).json["token_endpoint_auth_method"]
            == "none"
        )


def test_the_request_to_try_is_one_the_application_makes(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """RFC 6749 section 4.1.1 with PKCE in a line; no client credentials command for a client that may not use it."""
    client_id = "a&b=c d"
    scope = ["--scope", "openid urn:x:y"]
    answer = signet("clients", "create", "--client-id", client_id, *scope, "--redirect-uri", CALLBACK)
    assert authorization_request(answer) == {
        "response_type": ["code"],
        "client_id": [client_id],
        "redirect_uri": [CALLBACK],
        "scope": ["openid urn:x:y"],
        "state": ["STATE"],
        "code_challenge": ["CODE_CHALLENGE"],
        "code_challenge_method": ["S256"],
    }
    [explained] = [line for line in answer.stdout.splitlines() if line.startswith("CODE_CHALLENGE")]
    assert all(word in explained for word in ("PKCE", "RFC 7636", "SHA-256", "base64url", "43 to 128", "code_verifier"))
    assert "curl" not in answer.stdout


def test_a_client_of_both_grants_is_told_both(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Each way to a token that it has."""
    grants = ["--grant-type", "authorization_code", "--grant-type", "client_credentials"]
    answer = signet("clients", "create", "--redirect-uri", CALLBACK, *grants)
    assert authorization_request(answer)
    assert "grant_type=client_credentials" in answer.stdout


def test_doing_without_pkce_is_said_to_cost_something(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """RFC 9700 section 2.1.1; a public client cannot do without at all."""
    answer = signet("clients", "create", "--no-pkce", "--redirect-uri", CALLBACK)
    assert "code_challenge" not in authorization_request(answer)
    assert "Without PKCE nothing ties a code to the browser" in answer.stdout
    answer = signet("clients", "create", "--no-pkce", "--redirect-uri", CALLBACK, "--public")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "error: require_pkce: a public client must send a challenge\n"


def test_options_override_the_decisions_of_the_file(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """In both directions."""
    typed = json.dumps({"redirect_uris": [CALLBACK], "first_party": True, "require_pkce": False})
    made = signet("clients", "create", "-", "--json", "--no-first-party", "--pkce", typed=typed).json
    assert (made["first_party"], made["require_pkce"]) == (False, True)
    made = signet("clients", "create", "-", "--json", typed=typed).json
    assert (made["first_party"], made["require_pkce"]) == (True, False)


def test_the_list_tells_what_kind_each_client_is(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Who needs no secret, asks for no consent or sends no challenge is what an operator looks for."""
    signet("clients", "create", "--client-id", "machine")
    signet("clients", "create", "--client-id", "spa", "--public", "--first-party", "--redirect-uri", "http://[::1]/cb")
    signet("clients", "create", "--client-id", "web", "--no-pkce", "--redirect-uri", CALLBACK)
    rows = {line.split()[0]: line for line in signet("clients", "list").stdout.splitlines()}
    assert "confidential " in rows["machine"]
    assert "public, first-party " in rows["spa"]
    assert "http://[::1]/cb" in rows["spa"]
    assert "confidential, no PKCE " in rows["web"]
    assert CALLBACK in rows["web"]
    shown = signet("clients", "show", "web").stdout
    assert ["require_pkce", "no"] in [line.split() for line in shown.splitlines()]


@pytest.mark.parametrize("verifier", ["a" * 43, "~." * 64])
def test_the_challenge_is_what_the_line_says_it_is(verifier: str) -> None:
    """The explanation and the check are of one mind."""
    from signet.pkce import challenge_of

    assert challenge_of(verifier) == urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().replace("=", "")

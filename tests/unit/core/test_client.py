"""signet.model.client: a registration that cannot work is none."""

from typing import Any

import pytest

from signet.model.client import RESERVED_CLAIMS, Client, ClientInvalid, ClientSecret, digest

SECRETS = (ClientSecret(digest("secret"), created_at=0),)


def client(**metadata: Any) -> Client:
    """A registration that works, but for what is changed."""
    return Client(
        **{
            "client_id": "machine",
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ("client_credentials",),
            "client_secrets": SECRETS,
            **metadata,
        }
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", ""),
        ("client_id", "x" * 256),
        ("client_id", "\u00e9"),
        ("client_id", "a\n"),
        ("client_id", "a\x7f"),
        ("grant_types", ()),
        ("token_endpoint_auth_method", ""),
        ("token_endpoint_auth_method", "private_key_jwt"),
        ("client_secrets", ()),
        ("scope", ("",)),
        ("scope", ("a b",)),
        ("scope", ('"',)),
        ("scope", ("a", "a")),
        ("scope", ("x" * 257,)),
        ("audience", ("",)),
        ("scope_format", ""),
        ("scope_format", "array"),
        ("id_token_signed_response_alg", "none"),
        ("id_token_signed_response_alg", "HS256"),
        ("access_token_signed_response_alg", ""),
        ("access_token_signed_response_alg", "ES384"),
        ("access_token_lifetime", 0),
        ("access_token_lifetime", -1),
        ("access_token_lifetime", 86_401),
        ("claims", {"x": None}),
        ("claims", {"x": ""}),
        ("claims", {"x": []}),
        ("claims", {"x": {}}),
    ],
)
def test_an_impossible_registration_names_its_field(field: str, value: object) -> None:
    """RFC 7591 section 3.2.2: what is wrong, under the metadata name that an operator wrote."""
    with pytest.raises(ClientInvalid, match=f"^{field}: "):
        client(**{field: value})


@pytest.mark.parametrize("claim", sorted(RESERVED_CLAIMS))
def test_a_claim_of_the_service_is_not_the_clients(claim: str) -> None:
    """No registration says who issued a token, for whom, or for how long."""
    with pytest.raises(ClientInvalid, match="claims"):
        client(claims={claim: "x"})


def test_every_claim_that_the_service_writes_is_reserved() -> None:
    """RFC 9068 section 2.2 and RFC 7519 section 4.1."""
    assert {
        "iss",
        "sub",
        "aud",
        "client_id",
        "exp",
        "iat",
        "jti",
        "scope",
        "auth_time",
        "acr",
        "amr",
    } <= RESERVED_CLAIMS


def test_a_falsy_claim_is_a_claim() -> None:
    """False and 0 say something."""
    assert client(claims={"vip": False, "level": 0}).claims == {"vip": False, "level": 0}


def test_a_secret_matches_itself_until_it_expires() -> None:
    """RFC 7591 section 3.2.1: client_secret_expires_at is the first second in which it is refused."""
    secret = ClientSecret(digest("secret"), created_at=0, expires_at=100)
    assert secret.matches("secret", now=99.9)
    assert not secret.matches("secret", now=100)
    assert not secret.matches("Secret", now=1)
    assert not secret.matches("", now=1)
    assert ClientSecret(digest("secret"), created_at=0).matches("secret", now=1e12)


def test_a_digest_is_sha_256() -> None:
    """Of the secret's UTF-8, in hexadecimal: FIPS 180-4's `abc`."""
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_secret_is_kept_in_one_form() -> None:
    """A digest or, where it is short, an argon2id hash: neither or both would leave open which one counts."""
    assert not ClientSecret(digest("secret")).is_short
    assert ClientSecret(argon2id="$argon2id$").is_short
    for made, hashed in (("", ""), ("d", "$argon2id$")):
        with pytest.raises(ClientInvalid, match=r"^client_secrets: "):
            ClientSecret(made, argon2id=hashed)


def test_a_short_secret_never_matches_as_a_digest() -> None:
    """Neither the secret nor its hash; and neither is shown."""
    secret = ClientSecret(argon2id="$argon2id$hash", created_at=1)
    assert not any(secret.matches(text, 2) for text in ("", "$argon2id$hash", "secret"))
    assert "argon2id" not in repr(secret)

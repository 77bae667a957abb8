"""signet.keys.keyring: a document is a ring whose rules hold, or it is refused without a word of it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.errors import OAuthError, Reason
from signet.keys.algorithms import ALGORITHMS
from signet.keys.keyring import Keyring, KeyringInvalid, loaded, signer
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.key import KeyState, RingKey

JWKS = [ALGORITHMS["RS256"].generate() for _ in range(3)]


def key(number: int, state: KeyState) -> RingKey:
    """A key of a ring."""
    return RingKey(thumbprint(JWKS[number]), "RS256", state, created_at=1, jwk=JWKS[number])


RING = Keyring((key(0, KeyState.ACTIVE), key(1, KeyState.NEXT), replace(key(2, KeyState.RETIRING), retire_at=9)))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_a_ring_comes_back_from_its_document() -> None:
    """With every key and time; what has not happened is not in it."""
    document = RING.to_document()
    assert Keyring.parse(document) == RING
    assert "null" not in document


def test_the_placeholder_of_the_template_is_an_empty_ring() -> None:
    """CloudFormation writes a member of its own beside `keys`."""
    assert Keyring.parse('{"keys":[],"placeholder":"x"}') == Keyring()


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ((key(0, KeyState.ACTIVE), key(0, KeyState.NEXT)), "twice"),
        ((key(0, KeyState.ACTIVE), key(1, KeyState.ACTIVE)), "two active keys"),
        ((key(0, KeyState.NEXT),), "no active key"),
        ((key(0, KeyState.RETIRING),), "no active key"),
    ],
)
def test_a_ring_has_one_active_key(keys: tuple[RingKey, ...], rule: str) -> None:
    """Each key once, and of each algorithm exactly one that signs."""
    with pytest.raises(KeyringInvalid, match=rule):
        Keyring(keys)


@pytest.mark.parametrize(
    ("member", "value", "rule"),
    [
        ("alg", "HS256", "an unknown algorithm"),
        ("alg", "none", "an unknown algorithm"),
        ("kid", "x", "thumbprint"),
        pytest.param("kid", thumbprint(JWKS[2]), "thumbprint", id="another-kid"),
        ("state", "signing", "not the JSON"),
        ("unknown", 1, "not the JSON"),
    ],
)
def test_a_key_that_breaks_a_rule_is_refused(member: str, value: str, rule: str) -> None:
    """The message names the rule."""
    document = json.loads(RING.to_document())
    document["keys"][1][member] = value
    with pytest.raises(KeyringInvalid, match=rule) as refusal:
        Keyring.parse(json.dumps(document))
    assert refusal.value.__cause__ is None


@given(st.text(max_size=60) | json_values.map(json.dumps) | json_values.map(lambda value: json.dumps({"keys": value})))
def test_no_other_document_is_a_ring(document: str) -> None:
    """It is an empty one or it is refused, whatever it is."""
    try:
        assert Keyring.parse(document) == Keyring()
    except KeyringInvalid:
        return


@given(st.sampled_from(sorted(json.loads(RING.to_document())["keys"][0])), json_values)
def test_no_change_of_a_member_goes_unnoticed_or_fails_otherwise(member: str, value: Any) -> None:
    """Any JSON in any place: a ring whose rules hold, or KeyringInvalid."""
    document = json.loads(RING.to_document())
    document["keys"][0][member] = value
    try:
        ring = Keyring.parse(json.dumps(document))
    except KeyringInvalid:
        return
    assert member == "created_at" or value == json.loads(RING.to_document())["keys"][0][member]
    assert ring.keys[1:] == RING.keys[1:]


@given(st.sampled_from(sorted(JWKS[0])), json_values)
def test_no_change_of_a_private_key_fails_otherwise(member: str, value: Any) -> None:
    """A signer, or a refusal that an operator can read; never another exception."""
    jwk: dict[str, Any] = {**JWKS[0], member: value}
    document = json.loads(RING.to_document())
    document["keys"][0]["jwk"] = jwk
    refusal: OAuthError | None = None
    try:
        assert loaded(json.dumps(document)).signer().kid == thumbprint(JWKS[0])
    except OAuthError as error:
        refusal = error
    assert refusal is None or refusal.reason is Reason.KEYRING_INVALID


def test_the_active_key_signs() -> None:
    """Not the first, not the next."""
    ring = Keyring((RING.keys[1], RING.keys[2], RING.keys[0]))
    assert loaded(ring.to_document()).signer().kid == RING.keys[0].kid


def test_every_key_of_the_ring_verifies_by_its_public_half() -> None:
    """The next one too: where a newer ring was read it signs already, and its tokens come here."""
    public = loaded(RING.to_document()).public
    assert public == {key.kid: ("RS256", public_jwk(key.jwk)) for key in RING.keys}


def test_an_empty_ring_cannot_sign() -> None:
    """The first rotation has not run: that is another reason than a corrupt ring."""
    with pytest.raises(OAuthError) as refusal:
        loaded('{"keys":[]}')
    assert refusal.value.reason is Reason.KEYRING_EMPTY
    assert refusal.value.status == 503


def test_a_short_or_composed_key_does_not_sign() -> None:
    """RFC 7518 section 3.3: 2048 bits or more; n is the product of p and q."""
    swapped = {**JWKS[0], "p": JWKS[1]["p"]}
    with pytest.raises(KeyringInvalid):
        signer(replace(RING.keys[0], jwk=swapped))
    from cryptography.hazmat.primitives.asymmetric import rsa

    from signet.keys.algorithms import base64url_uint

    numbers = rsa.generate_private_key(65537, 1024).private_numbers()  # noqa: S505 - too short is what is tested
    public = numbers.public_numbers
    short = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    short |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    jwk = {"kty": "RSA", **{name: base64url_uint(value) for name, value in short.items()}}
    with pytest.raises(KeyringInvalid):
        signer(replace(RING.keys[0], jwk=jwk))


def test_the_public_half_has_nothing_else() -> None:
    """RFC 7638 section 3.2 names its members; one of another type has none that is known."""
    assert public_jwk({**JWKS[0], "kid": "x", "x5c": "y"}).keys() == {"kty", "n", "e"}
    with pytest.raises(KeyError):
        public_jwk({"kty": "oct", "k": "x"})


def test_the_thumbprint_is_that_of_the_rfc() -> None:
    """RFC 7638 section 3.1, its own example."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhM"
        "stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5ha"
        "jrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

"""Rows 11, 15 and 16: the key decides how a token is verified, and a token that is not exactly ours is none."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt import PyJWK, PyJWS, PyJWTError

from signet import jwt
from signet.jwt import LONGEST_TOKEN, JwtInvalid
from signet.keys.algorithms import ALGORITHMS, LocalSigner
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.ports import Signer

JWK = ALGORITHMS["RS256"].generate()
KID = thumbprint(JWK)
SIGNER = ALGORITHMS["RS256"].signer(KID, JWK)
assert isinstance(SIGNER, LocalSigner)
PRIVATE = SIGNER.key
PUBLIC_PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
PUBLISHED = {KID: ("RS256", public_jwk(JWK))}
HEADER = {"alg": "RS256", "typ": "at+jwt", "kid": KID}
CLAIMS = {"sub": "machine"}


def generated(alg: str) -> tuple[dict[str, str], Signer]:
    """A new key of that algorithm: its public JWK and what signs with it."""
    jwk = ALGORITHMS[alg].generate()
    return {**public_jwk(jwk), "alg": alg}, ALGORITHMS[alg].signer(thumbprint(jwk), jwk)


SIGNERS = {alg: generated(alg) for alg in ALGORITHMS}

RULES = {
    "not a compact JWS",
    "its header is no JSON object",
    "a header member that is not accepted",
    "another kind of token",
    "an unknown key",
    "not the algorithm of its key",
    "not a usable key of its algorithm",
    "the signature does not hold",
    "its payload is no claims set",
}
"""What a refusal may say."""


def encode(octets: bytes) -> str:
    """The base64url of RFC 7515 section 2."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def signing_input(header: object, claims: object = CLAIMS) -> str:
    """Header and payload of a compact JWS."""
    return f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"


def signed(header: object, claims: object = CLAIMS) -> str:
    """A token whose RS256 signature by our key holds, whatever its header says."""
    text = signing_input(header, claims)
    return f"{text}.{encode(SIGNER.sign(text.encode()))}"


def accepted(token: str) -> bool:
    """Whether the token is verified; refusal is by JwtInvalid alone, whose text repeats nothing."""
    refusal: JwtInvalid | None = None
    try:
        jwt.verify(token, typ="at+jwt", key_of=PUBLISHED.get)
    except JwtInvalid as error:
        refusal = error
    if refusal is not None:
        assert str(refusal) in RULES
        assert refusal.__cause__ is None
    return refusal is None


def test_our_own_token_is_accepted() -> None:
    """Else nothing below would show anything."""
    token = jwt.sign(CLAIMS, typ="at+jwt", signer=SIGNER)
    assert jwt.verify(token, typ="at+jwt", key_of=PUBLISHED.get) == CLAIMS
    assert accepted(signed(HEADER))


@pytest.mark.parametrize(
    "key",
    [PUBLIC_PEM, PUBLIC_PEM.strip(), json.dumps(public_jwk(JWK)).encode(), b"", KID.encode()],
    ids=["pem", "pem-stripped", "jwk", "empty", "kid"],
)
@pytest.mark.parametrize("alg", ["HS256", "hs256", "RS256"])
def test_an_hmac_with_our_public_key_is_no_signature(key: bytes, alg: str) -> None:
    """PyJWT CVE-2022-29217, Authlib CVE-2024-37568, RFC 8725 section 2.1."""
    text = signing_input({**HEADER, "alg": alg})
    assert not accepted(f"{text}.{encode(hmac.digest(key, text.encode(), sha256))}")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["RS256"], {"RS256": 1}])
@pytest.mark.parametrize("signature", ["", "signature"])
def test_no_algorithm_is_no_signature(alg: object, signature: str) -> None:
    """RFC 8725 section 2.1, in any case and of any type, with and without a signature that would hold."""
    text = signing_input({**HEADER, "alg": alg})
    suffix = encode(SIGNER.sign(text.encode())) if signature else ""
    assert not accepted(f"{text}.{suffix}")


def test_another_algorithm_of_the_same_key_is_refused() -> None:
    """RFC 8725 section 3.1: a key is for one algorithm, also where the signature of another one holds."""
    for alg, hash_, pad in (
        ("PS256", hashes.SHA256(), padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
        ("RS512", hashes.SHA512(), padding.PKCS1v15()),
    ):
        text = signing_input({**HEADER, "alg": alg})
        signature = PRIVATE.sign(text.encode(), pad, hash_)
        assert not accepted(f"{text}.{encode(signature)}")


@pytest.mark.parametrize(
    "member",
    [
        {"jwk": public_jwk(JWK)},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"x5t": "x"},
        {"x5t#S256": "x"},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"b64": True},
        {"zip": "DEF"},
    ],
)
def test_a_header_that_brings_its_own_key_or_meaning_is_refused(member: dict[str, Any]) -> None:
    """RFC 8725 section 3.10, RFC 7515 section 4.1.11, RFC 7797: even under a signature that holds."""
    assert not accepted(signed({**HEADER, **member}))


def test_a_token_with_a_key_of_its_own_is_refused() -> None:
    """An embedded jwk that signed it, under our kid, under its own, under none."""
    jwk = ALGORITHMS["RS256"].generate()
    own = ALGORITHMS["RS256"].signer(thumbprint(jwk), jwk)
    for kid in (KID, own.kid, ""):
        for added in ({}, {"jwk": public_jwk(jwk)}):
            text = signing_input({**HEADER, "kid": kid, **added})
            assert not accepted(f"{text}.{encode(own.sign(text.encode()))}")


@pytest.mark.parametrize("typ", ["JWT", "rt+jwt", "AT+JWT", "at+jwt ", "application/at+jwt", "", None, 1, ["at+jwt"]])
def test_another_kind_of_token_is_refused(typ: object) -> None:
    """RFC 8725 section 3.11: `typ` is compared always; each kind is refused where another is expected."""
    assert not accepted(signed({**HEADER, "typ": typ}))


def test_a_token_without_typ_is_refused() -> None:
    """RFC 9068 section 4."""
    assert not accepted(signed({"alg": "RS256", "kid": KID}))


@pytest.mark.parametrize(
    "kid",
    ["", "unknown", KID.lower(), KID + "=", f" {KID}", "../../dev/null", "' OR 1=1 --", None, 1, [KID], {KID: 1}],
    ids=["empty", "unknown", "lower", "padded", "spaced", "path", "quote", "null", "number", "list", "object"],
)
def test_an_unknown_kid_is_refused(kid: object) -> None:
    """Nor is any other key tried; a kid that is no string is none."""
    assert not accepted(signed({**HEADER, "kid": kid}))


def test_a_token_without_kid_is_refused() -> None:
    """Every token of ours names its key."""
    assert not accepted(signed({"alg": "RS256", "typ": "at+jwt"}))


@pytest.mark.parametrize("payload", [[], "text", 1, None, True, [CLAIMS]])
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    """RFC 7519 section 7.2 step 10."""
    assert not accepted(signed(HEADER, payload))


def test_a_payload_that_is_no_json_is_refused() -> None:
    """Text, bytes, nothing, and JSON too deep to read."""
    for octets in (b"x", b"", b"\xff\xfe", b"{", b"[" * 5_000):
        text = f"{encode(json.dumps(HEADER).encode())}.{encode(octets)}"
        assert not accepted(f"{text}.{encode(SIGNER.sign(text.encode()))}")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_json_in_another_encoding_is_refused(encoding: str) -> None:
    """RFC 8725 section 3.7, under signatures that hold: who reads it otherwise reads another token."""

    def token(header: bytes, payload: bytes) -> str:
        text = f"{encode(header)}.{encode(payload)}"
        return f"{text}.{encode(SIGNER.sign(text.encode()))}"

    header, payload = json.dumps(HEADER), json.dumps(CLAIMS)
    assert accepted(token(header.encode(), payload.encode()))
    assert not accepted(token(header.encode(encoding), payload.encode()))
    assert not accepted(token(header.encode(), payload.encode(encoding)))


@pytest.mark.parametrize("header", [[], "x", 1, None, True])
def test_a_header_that_is_no_object_is_refused(header: object) -> None:
    """RFC 7515 section 5.2."""
    assert not accepted(signed(header))


def test_a_damaged_token_is_refused() -> None:
    """ZITADEL CVE-2026-27840: shortened, lengthened, case-flipped, re-padded, with what a lenient decoder skips."""
    token = signed(HEADER)
    header, payload, signature = token.split(".")
    damaged = [token[:length] for length in range(0, len(token), 17)]
    letters = [position for position, character in enumerate(token) if character.isalpha()]
    damaged += [token[:place] + token[place].swapcase() + token[place + 1 :] for place in letters[::23]]
    damaged += [token + added for added in ("=", "==", "A", "AA", ".", "\n", " ", "!", "\x00")]
    damaged += [added + token for added in ("=", "A", ".", "\n", " ", "Bearer ")]
    damaged += [f"{header}=.{payload}.{signature}", f"{header}.{payload}=.{signature}", f"{header}.{payload}."]
    damaged += [f"{header}..{signature}", f".{payload}.{signature}", "..", "", f"{header}.{payload}"]
    damaged += [
        f"{header}.{payload}.{signature[:9]}{skipped}{signature[9:]}" for skipped in ("\n", " ", "=", "!", "\u00e9")
    ]
    damaged += [token.replace("-", "+").replace("_", "/")] if {"-", "_"} & set(signature) else []
    for one in damaged:
        assert not accepted(one), one[-40:]


def test_every_spelling_of_a_signature_but_its_own_is_refused() -> None:
    """The last character of a signature has bits that no octet uses: they too have to be what we wrote."""
    token = signed(HEADER)
    octets = urlsafe_b64decode(token.rpartition(".")[2] + "==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = [
        token[:-1] + last
        for last in alphabet
        if urlsafe_b64decode(f"{token.rpartition('.')[2][:-1]}{last}==") == octets
    ]
    assert len(same) > 1
    assert [one for one in same if accepted(one)] == [token]


@given(st.text(max_size=300) | st.from_regex(r"[\w=-]{0,80}\.[\w=-]{0,80}\.[\w=-]{0,80}", fullmatch=True))
def test_no_text_is_a_token(text: str) -> None:
    """Whatever it is, it is refused in order."""
    assert not accepted(text)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "b64", "crit", "x"]), st.none() | st.integers() | st.text())
)
def test_no_header_but_ours_is_accepted(header: dict[str, Any]) -> None:
    """With a signature that holds for it."""
    assert accepted(signed(header)) == (
        all(header.get(n) == v for n, v in HEADER.items()) and not {"b64", "crit"} & header.keys()
    )


@pytest.mark.parametrize("alg", ALGORITHMS)
@given(st.data())
def test_an_independent_reader_accepts_what_we_accept(alg: str, data: st.DataObject) -> None:
    """A token of ours, and the same with a few characters changed: whatever PyJWT's own reader refuses is refused."""
    jwk = SIGNERS[alg][0]
    text = jwt.sign(CLAIMS, typ="at+jwt", signer=SIGNERS[alg][1])
    changes = data.draw(
        st.dictionaries(st.integers(0, len(text) - 1), st.sampled_from("AQgw019-_=.+/ \n\x00é"), max_size=3)
    )
    token = "".join(changes.get(place, character) for place, character in enumerate(text))
    try:
        ours = jwt.verify(token, typ="at+jwt", key_of={thumbprint(jwk): (alg, jwk)}.get)
    except JwtInvalid:
        ours = None
    try:
        theirs = json.loads(PyJWS().decode(token, PyJWK(dict(jwk)), algorithms=[alg]))
    except (PyJWTError, ValueError):
        theirs = None
    assert ours in (theirs, None)
    assert (ours is None) == (token != text)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_payload_comes_out_as_it_was_signed(alg: str) -> None:
    """For each algorithm, and for no other one's key."""
    jwk, signer = SIGNERS[alg]
    token = jwt.sign(CLAIMS, typ="at+jwt", signer=signer)
    assert jwt.verify(token, typ="at+jwt", key_of={thumbprint(jwk): (alg, jwk)}.get) == CLAIMS
    for other, (of_another, _) in SIGNERS.items():
        if other != alg:
            with pytest.raises(JwtInvalid):
                jwt.verify(token, typ="at+jwt", key_of={thumbprint(jwk): (alg, of_another)}.get)


@pytest.mark.parametrize("bits", [1024, 2047])
def test_a_short_key_is_none(bits: int) -> None:
    """RFC 7518 section 3.3: 2048 bits or more, however good the signature."""
    short = rsa.generate_private_key(65537, bits)
    numbers = short.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": encode(numbers.n.to_bytes((bits + 7) // 8)), "e": "AQAB"}
    text = signing_input(HEADER)
    token = f"{text}.{encode(short.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
    assert not jwt.is_key("RS256", jwk)
    with pytest.raises(JwtInvalid, match="not a usable key"):
        jwt.verify(token, typ="at+jwt", key_of={KID: ("RS256", jwk)}.get)


def test_a_private_key_verifies_by_its_public_half() -> None:
    """Whatever else a JWK has in it."""
    assert jwt.verify(signed(HEADER), typ="at+jwt", key_of={KID: ("RS256", JWK)}.get) == CLAIMS


def test_a_costly_token_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five megabytes, ten thousand dots: no decoder sees them."""

    def decoder(*_: object) -> None:
        pytest.fail("decoded")

    monkeypatch.setattr("signet.base64url.decoded", decoder)
    monkeypatch.setattr("signet.jwt.json.loads", decoder)
    token = signed(HEADER)
    for costly in (
        "A" * 5_000_000,
        "." * 10_000,
        token + ".x",
        "A" * (LONGEST_TOKEN - 1) + "..",
        token + "A" * LONGEST_TOKEN,
    ):
        assert not accepted(costly)


def test_a_header_with_a_huge_number_is_refused() -> None:
    """Python would read ten thousand digits for seconds."""
    header = json.dumps(HEADER)[:-1] + ',"n":' + "9" * 10_000 + "}"
    text = f"{encode(header.encode())}.{encode(b'{}')}"
    assert not accepted(f"{text}.{encode(SIGNER.sign(text.encode()))}")

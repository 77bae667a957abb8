"""Row 15 for each algorithm: a key is of one type, one curve and one algorithm, and a token cannot say otherwise."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from signet import jwt
from signet.errors import OAuthError, Reason
from signet.jwt import JwtInvalid
from signet.keys.algorithms import ALGORITHMS, LocalSigner
from signet.keys.keyring import Keyring, KeyringInvalid
from signet.keys.thumbprint import public_jwk, thumbprint
from signet.model.key import KEY_TYPES
from signet.ports import Signer
from tests.support.deployment import Deployment

ALGS = tuple(KEY_TYPES)

PRIVATE = {alg: ALGORITHMS[alg].generate() for alg in ALGS}
KIDS = {alg: thumbprint(jwk) for alg, jwk in PRIVATE.items()}
SIGNERS: dict[str, Signer] = {alg: ALGORITHMS[alg].signer(KIDS[alg], jwk) for alg, jwk in PRIVATE.items()}
PUBLISHED = {KIDS[alg]: (alg, public_jwk(jwk)) for alg, jwk in PRIVATE.items()}

CLAIMS = {"sub": "machine"}

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group that P-256 signatures are made in."""


def encode(octets: bytes) -> str:
    """The base64url of RFC 7515 section 2."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def uint(text: str) -> int:
    """The number that a member of a JWK spells."""
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def signing_input(alg: str, kid: str, **header: Any) -> bytes:
    """Header and payload of a compact JWS."""
    members = json.dumps({"alg": alg, "typ": "at+jwt", "kid": kid, **header})
    return f"{encode(members.encode())}.{encode(json.dumps(CLAIMS).encode())}".encode()


def token(text: bytes, signature: bytes) -> str:
    """A compact JWS."""
    return f"{text.decode()}.{encode(signature)}"


def accepted(token: str, published: dict[str, tuple[str, dict[str, str]]] | None = None) -> bool:
    """Whether the token is verified; refusal is by JwtInvalid alone."""
    try:
        jwt.verify(token, typ="at+jwt", key_of=(published or PUBLISHED).get)
    except JwtInvalid:
        return False
    return True


def public_key(alg: str) -> Any:
    """The public half, as the library has it."""
    jwk = PRIVATE[alg]
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(uint(jwk["e"]), uint(jwk["n"])).public_key()
    if jwk["kty"] == "EC":
        return ec.EllipticCurvePublicNumbers(uint(jwk["x"]), uint(jwk["y"]), ec.SECP256R1()).public_key()
    return ed25519.Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(jwk["x"] + "="))


@pytest.mark.parametrize("alg", ALGS)
def test_our_own_token_is_accepted(alg: str) -> None:
    """Else nothing below would show anything."""
    assert jwt.verify(jwt.sign(CLAIMS, typ="at+jwt", signer=SIGNERS[alg]), typ="at+jwt", key_of=PUBLISHED.get) == CLAIMS
    text = signing_input(alg, KIDS[alg])
    assert accepted(token(text, SIGNERS[alg].sign(text)))


@pytest.mark.parametrize("said", [*ALGS, "HS256", "ES384", "none"])
@pytest.mark.parametrize("alg", ALGS)
def test_a_key_signs_for_its_own_algorithm_alone(alg: str, said: str) -> None:
    """RFC 8725 section 3.1: what the header says beside it counts for nothing, whatever key signed."""
    text = signing_input(said, KIDS[alg])
    assert accepted(token(text, SIGNERS[alg].sign(text))) is (said == alg)
    other = SIGNERS[said] if said in SIGNERS and said != alg else None
    assert not (other and accepted(token(text, other.sign(text))))


def test_one_rsa_key_is_not_for_two_algorithms() -> None:
    """The other padding's signature by the same key holds, and is refused in either direction."""
    text = signing_input("PS256", KIDS["RS256"])
    signer = SIGNERS["RS256"]
    assert isinstance(signer, LocalSigner)
    pss = signer.key.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert not accepted(token(text, pss))
    text = signing_input("RS256", KIDS["PS256"])
    signer = SIGNERS["PS256"]
    assert isinstance(signer, LocalSigner)
    assert not accepted(token(text, signer.key.sign(text, padding.PKCS1v15(), hashes.SHA256())))


@pytest.mark.parametrize("said", ["HS256", "HS512", None])
@pytest.mark.parametrize("alg", ALGS)
def test_a_public_key_is_no_secret_of_an_hmac(alg: str, said: str | None) -> None:
    """In each of its spellings (PyJWT CVE-2022-29217 was met with keys on curves; Authlib CVE-2024-37568)."""
    key = public_key(alg)
    spelled = [
        key.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
    ]
    spelled += [json.dumps(public_jwk(PRIVATE[alg])).encode(), PRIVATE[alg].get("x", "").encode(), KIDS[alg].encode()]
    if alg in {"ES256", "EdDSA"}:
        spelled.append(key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH))
    for secret in spelled:
        text = signing_input(said or alg, KIDS[alg])
        assert not accepted(token(text, hmac.digest(secret, text, sha256)))


@pytest.mark.parametrize("alg", ALGS)
def test_a_token_with_a_key_of_its_own_is_refused(alg: str) -> None:
    """An embedded `jwk` that signed it, under our kid and its own."""
    jwk = ALGORITHMS[alg].generate()
    own = ALGORITHMS[alg].signer(thumbprint(jwk), jwk)
    for kid in (KIDS[alg], own.kid):
        for added in ({}, {"jwk": public_jwk(jwk)}):
            text = signing_input(alg, kid, **added)
            assert not accepted(token(text, own.sign(text)))


def test_a_signature_of_zeros_is_none() -> None:
    """Psychic signatures (Java CVE-2022-21449): r and s are numbers from 1 up to the group's order."""
    text = signing_input("ES256", KIDS["ES256"])
    r, s = (int.from_bytes(half, "big") for half in halves(SIGNERS["ES256"].sign(text)))
    for one, other in ((0, 0), (0, s), (r, 0), (ORDER, ORDER), (r, ORDER), (r, s + ORDER), (1, 1), (s, r)):
        if max(one, other) < 1 << 256:
            assert not accepted(token(text, one.to_bytes(32, "big") + other.to_bytes(32, "big")))


def halves(signature: bytes) -> tuple[bytes, bytes]:
    """R and S."""
    assert len(signature) == 64
    return signature[:32], signature[32:]


def test_a_signature_has_one_length() -> None:
    """RFC 7518 section 3.4: two times 32 octets, neither DER nor padded nor cut."""
    text = signing_input("ES256", KIDS["ES256"])
    signature = SIGNERS["ES256"].sign(text)
    r, s = halves(signature)
    der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    assert decode_dss_signature(der)
    spelled = [der, b"", r, signature[:-1], signature + b"\0", b"\0" + signature, b"\0" + r + b"\0" + s]
    for other in spelled:
        assert not accepted(token(text, other))
    text = signing_input("EdDSA", KIDS["EdDSA"])
    signature = SIGNERS["EdDSA"].sign(text)
    for other in (bytes(64), signature[:-1], signature + b"\0", signature[32:] + signature[:32]):
        assert not accepted(token(text, other))


def foreign() -> list[tuple[str, dict[str, str], Any]]:
    """Keys on other curves under the names of ours: algorithm, public JWK, and what signs by them."""
    keys: list[tuple[str, dict[str, str], Any]] = []
    for curve, name, length in ((ec.SECP384R1(), "P-384", 48), (ec.SECP256K1(), "secp256k1", 32)):
        key = ec.generate_private_key(curve)
        numbers = key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": name, "x": "", "y": ""}
        jwk |= {"x": encode(numbers.x.to_bytes(length, "big")), "y": encode(numbers.y.to_bytes(length, "big"))}

        def sign(text: bytes, key: Any = key, length: int = length) -> bytes:
            r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(length, "big") + s.to_bytes(length, "big")

        keys.append(("ES256", jwk, sign))
    edwards = ed448.Ed448PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed448", "x": encode(edwards.public_key().public_bytes_raw())}
    return [*keys, ("EdDSA", jwk, edwards.sign)]


@pytest.mark.parametrize(("alg", "jwk", "sign"), foreign())
def test_a_key_on_another_curve_verifies_nothing(alg: str, jwk: dict[str, str], sign: Any) -> None:
    """Even if it came to be published: ES256 is P-256 (RFC 7518 section 3.4), and EdDSA here is Ed25519."""
    text = signing_input(alg, "kid")
    assert not accepted(token(text, sign(text)), {"kid": (alg, jwk)})


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    """RFC 8725 section 3.4: it is refused before anything is computed with it."""
    jwk = public_jwk(ALGORITHMS["ES256"].generate())
    assert jwt.is_key("ES256", jwk)
    for name in ("x", "y"):
        beside = {**jwk, name: encode((uint(jwk[name]) ^ 1).to_bytes(32, "big"))}
        assert not jwt.is_key("ES256", beside)
        assert not accepted(token(signing_input("ES256", "kid"), bytes(64)), {"kid": ("ES256", beside)})


@pytest.mark.parametrize(("alg", "jwk", "_sign"), foreign())
def test_a_key_on_another_curve_is_none_of_the_ring_nor_of_the_set(
    deployment: Deployment, alg: str, jwk: dict[str, str], _sign: Any
) -> None:
    """A ring that holds one is refused whole, and so is a published set."""
    kid = thumbprint(jwk)
    document = json.loads(deployment.keyring())
    document["keys"].append({"kid": kid, "alg": alg, "state": "next", "created_at": 0, "jwk": jwk})
    with pytest.raises(KeyringInvalid, match="another type"):
        Keyring.parse(json.dumps(document))
    [stored] = [item for item in deployment.items() if item["pk"]["S"] == "jwks"]
    stored["keys"]["L"].append(
        {
            "M": {
                "kid": {"S": kid},
                "alg": {"S": alg},
                "published_at": {"N": "0"},
                "jwk": {"M": {name: {"S": value} for name, value in jwk.items()}},
            }
        }
    )
    deployment.dynamodb.put_item(TableName=deployment.table, Item=stored)
    deployment.cold("jwks")
    assert deployment.get("/connect/oauth/jwks").error(503) == "temporarily_unavailable"
    assert deployment.lines()[-1]["reason"] == str(Reason.KEY_SET_INVALID)


@pytest.mark.parametrize(("alg", "other"), [(alg, other) for alg in ALGS for other in ALGS if alg != other])
def test_a_key_in_the_ring_is_of_its_algorithms_type(deployment: Deployment, alg: str, other: str) -> None:
    """Else its signatures would be of another algorithm than the header says. Two algorithms share RSA keys' type."""
    document = json.loads(deployment.keyring())
    document["keys"].append({"kid": KIDS[other], "alg": alg, "state": "next", "created_at": 0, "jwk": PRIVATE[other]})
    if KEY_TYPES[alg] == KEY_TYPES[other]:
        assert Keyring.parse(json.dumps(document))
        return
    deployment.put_keyring(json.dumps(document))
    refusal: OAuthError | KeyringInvalid | None = None
    try:
        Keyring.parse(deployment.keyring())
    except KeyringInvalid as error:
        refusal = error
    assert str(refusal) == "a key of another type than its algorithm"


@pytest.mark.parametrize(
    ("jwk", "expected"),
    [
        (
            # RFC 8037 appendix A.2 and A.3
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        ),
        (
            # the key of RFC 7517 appendix A.1, hashed as RFC 7638 section 3.2 has it
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
                "use": "enc",
                "kid": "1",
            },
            "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
        ),
    ],
)
def test_the_thumbprint_of_a_key_on_a_curve_is_that_of_the_rfcs(jwk: dict[str, str], expected: str) -> None:
    """The kid of a key is what everyone else computes of it."""
    assert thumbprint(jwk) == expected
    assert thumbprint({**jwk, "d": "private"}) == expected

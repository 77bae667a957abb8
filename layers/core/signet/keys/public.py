"""Public keys that come from elsewhere, as JWKs."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signet.keys.algorithms import base64url_uint
from signet.keys.curves import ec_jwk


def jwk_of_der(der: bytes) -> dict[str, str]:
    """The public JWK of a SubjectPublicKeyInfo (RFC 5280). Raises ValueError for one that no token is signed by."""
    key = load_der_public_key(der)
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 4096:
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": base64url_uint(numbers.n), "e": base64url_uint(numbers.e)}
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return ec_jwk(key)
    raise ValueError("neither an RSA key of 2048 to 4096 bits nor one on P-256")

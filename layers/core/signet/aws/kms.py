"""Signatures of keys that stay in KMS."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from signet.aws.failures import calling
from signet.errors import OAuthError, Reason
from signet.keys.curves import jose_signature
from signet.model.key import RingKey

ALGORITHMS = {
    "RS256": "RSASSA_PKCS1_V1_5_SHA_256",
    "PS256": "RSASSA_PSS_SHA_256",
    "ES256": "ECDSA_SHA_256",
}
"""What KMS calls the algorithms that it signs by for us (RFC 7518 section 3.1)."""

LONGEST_MESSAGE = 4096
"""Bytes that KMS hashes itself; of more it takes the digest."""


class KmsSigner:
    """ports.Signer by a key in KMS. `kms` is a client of AWS, `failed` is told when it cannot sign."""

    remote = True

    def __init__(self, kms: Any, key: RingKey, failed: Callable[[], None]) -> None:
        self.kid = key.kid
        self.alg = key.alg
        self._kms = kms
        self._key_arn = key.kms_key_arn
        self._failed = failed

    def sign(self, signing_input: bytes) -> bytes:
        """As ports.Signer.sign, by one call."""
        raw = len(signing_input) <= LONGEST_MESSAGE
        try:
            with calling("kms:Sign", Reason.SIGNER_UNAVAILABLE):
                answer = self._kms.sign(
                    KeyId=self._key_arn,
                    Message=signing_input if raw else sha256(signing_input).digest(),
                    MessageType="RAW" if raw else "DIGEST",
                    SigningAlgorithm=ALGORITHMS[self.alg],
                )
                return _jose(self.alg, answer["Signature"])
        except OAuthError:
            # the key may have been withdrawn since the ring was read
            self._failed()
            raise


def _jose(alg: str, signature: bytes) -> bytes:
    """A signature as JOSE spells it. Raises ValueError for ECDSA's where it is no DER."""
    return jose_signature(signature) if alg == "ES256" else signature

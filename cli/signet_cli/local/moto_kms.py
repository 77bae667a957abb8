"""KMS's signatures and the end of its keys as KMS has them, in place of moto's.

Moto hashes a digest once more, salts RSASSA-PSS as long as the key allows, signs by keys that are to be deleted, and
does not know the ARN of a key that is.
"""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.core.exceptions import JsonRESTError
from moto.kms.exceptions import ValidationException
from moto.kms.models import Key
from moto.kms.responses import KmsResponse

_LONGEST_MESSAGE = 4096
_SHA256_LENGTH = 32


def sign(self: KmsResponse) -> str:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html, by algorithms with SHA-256."""
    key_id, algorithm = self._get_param("KeyId"), self._get_param("SigningAlgorithm")
    message = self._get_param("Message")
    octets = message.encode() if isinstance(message, str) else bytes(message)
    digested = self._get_param("MessageType") == "DIGEST"
    self._validate_key_id(key_id)
    key = self.kms_backend.describe_key(key_id)
    _check_state(key)
    if algorithm not in (key.signing_algorithms or ()) or not algorithm.endswith("SHA_256"):
        raise ValidationException(f"Algorithm {algorithm} and key spec {key.key_spec} do not match.")
    if not 1 <= len(octets) <= _LONGEST_MESSAGE or (digested and len(octets) != _SHA256_LENGTH):
        raise ValidationException("The message is empty or too long, or no digest of the algorithm.")
    hash_ = Prehashed(hashes.SHA256()) if digested else hashes.SHA256()
    pair: Any = key.private_key
    signature = _signature(pair.private_key, algorithm, octets, hash_)
    encoded = base64.b64encode(signature).decode()
    return json.dumps({"KeyId": key.arn, "Signature": encoded, "SigningAlgorithm": algorithm})


def _signature(
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    algorithm: str,
    octets: bytes,
    hash_: Prehashed | hashes.SHA256,
) -> bytes:
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(octets, ec.ECDSA(hash_))
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=_SHA256_LENGTH)
    return private.sign(octets, pss if algorithm == "RSASSA_PSS_SHA_256" else padding.PKCS1v15(), hash_)


def get_public_key(self: KmsResponse) -> str:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html."""
    key_id = self._get_param("KeyId")
    self._validate_key_id(key_id)
    key = self.kms_backend.describe_key(key_id)
    _check_state(key)
    answer = {
        "KeyId": key.arn,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
        "PublicKey": base64.b64encode(key.private_key.public_key()).decode(),
        "SigningAlgorithms": key.signing_algorithms,
    }
    return json.dumps(answer)


def schedule_key_deletion(self: KmsResponse) -> str:
    """https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html."""
    key_id = self._get_param("KeyId")
    self._validate_cmk_id(key_id)
    key = self.kms_backend.describe_key(key_id)
    _check_state(key)
    date = self.kms_backend.schedule_key_deletion(key.id, self._get_param("PendingWindowInDays", 30))
    return json.dumps({"KeyId": key.arn, "DeletionDate": date, "KeyState": "PendingDeletion"})


def _check_state(key: Key) -> None:
    if not key.enabled:
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def install() -> None:
    """Let moto do like this in this process."""
    KmsResponse.sign = sign  # type: ignore[method-assign]
    KmsResponse.get_public_key = get_public_key  # type: ignore[method-assign]
    KmsResponse.schedule_key_deletion = schedule_key_deletion  # type: ignore[method-assign]

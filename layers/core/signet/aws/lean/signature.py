"""AWS Signature Version 4 of one POST to `/`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls. `expires_at` in epoch seconds where they end by themselves."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires_at: float | None = None


def signed(
    headers: Mapping[str, str], body: bytes, credentials: Credentials, *, region: str, service: str, now: float
) -> dict[str, str]:
    """The headers of the request with those that sign it; names in lower case, `host` among them."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    full = {**headers, "x-amz-date": moment}
    if credentials.token:
        full["x-amz-security-token"] = credentials.token
    names = sorted(full)
    canonical_headers = "".join([f"{name}:{' '.join(full[name].split())}\n" for name in names])
    signed_headers = ";".join(names)
    canonical = f"POST\n/\n\n{canonical_headers}\n{signed_headers}\n{sha256(body).hexdigest()}"
    string_to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (*scope.split("/"), string_to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    full["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope},"
        f" SignedHeaders={signed_headers}, Signature={key.hex()}"
    )
    return full

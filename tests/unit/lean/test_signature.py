"""Requests of the lean client are signed as botocore signs them, byte for byte."""

import datetime as dt
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from signet.aws.lean.signature import Credentials, signed

PRINTABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60).filter(str.strip)
HOSTS = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}", fullmatch=True)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="/"), min_size=16, max_size=40)
EARLIEST, LATEST = 946_684_800, 3_786_912_000


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request before it is signed."""
    headers = {"content-type": "application/x-amz-json-1.0", "host": draw(HOSTS), "x-amz-target": draw(HEADER)}
    return headers, draw(st.binary(max_size=2_000))


@given(
    requests(),
    st.builds(Credentials, KEYS, st.text(PRINTABLE, min_size=1, max_size=60), st.text(PRINTABLE, max_size=200)),
    st.sampled_from(["us-east-1", "eu-west-3", "us-gov-west-1", "cn-north-1", "ap-southeast-4"]),
    st.sampled_from(["dynamodb", "secretsmanager", "kms"]),
    st.integers(EARLIEST, LATEST),
)
def test_a_signature_is_botocores(
    request: tuple[dict[str, str], bytes], credentials: Credentials, region: str, service: str, now: int
) -> None:
    """For any body, host, region, moment and credentials, temporary ones and others."""
    headers, body = request
    theirs = AWSRequest("POST", f"https://{headers['host']}/", headers=dict(headers), data=body)
    known = BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.token or None)
    with patch("botocore.auth.get_current_datetime", lambda: dt.datetime.fromtimestamp(now, dt.UTC)):
        SigV4Auth(known, service, region).add_auth(theirs)

    ours = signed(headers, body, credentials, region=region, service=service, now=now)
    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]
    assert ours.get("x-amz-security-token") == theirs.headers.get("X-Amz-Security-Token")


def test_credentials_are_not_printed() -> None:
    """Neither secret nor token stands in what a log or a traceback makes of them."""
    text = repr(Credentials("AKIDEXAMPLE", "the-secret", "the-token"))
    assert "the-secret" not in text
    assert "the-token" not in text

"""Where the lean client's credentials come from, and when they are renewed."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from signet.aws.failures import AwsUnreachable
from signet.aws.lean.credentials import CredentialSource, are_configured
from signet.aws.lean.signature import Credentials

NOW = 1_800_000_000.0

VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)


class Container:
    """The endpoint that Lambda has under SnapStart: hands out numbered credentials to whoever shows the token."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] | None = None
        self.asked: list[tuple[str, str | None]] = []
        self.expires_at = NOW + 3600
        container = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                container.asked.append((self.path, self.headers.get("Authorization")))
                status, body = container.answer or (200, container.credentials())
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v2/credentials?role=r"

    def credentials(self) -> bytes:
        """The n-th credentials."""
        expiration = datetime.fromtimestamp(self.expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        members = {
            "AccessKeyId": f"key-{len(self.asked)}",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": expiration,
        }
        return json.dumps(members).encode()


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials but those of the test."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[Container]:
    """A container's endpoint, which the environment names."""
    container = Container()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.uri)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-token")
    yield container
    container.server.shutdown()
    container.server.server_close()


def test_the_environments_own_go_first(monkeypatch: pytest.MonkeyPatch, container: Container) -> None:
    """Lambda's usual way; they are read each time."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    source = CredentialSource(lambda: NOW)
    assert source() == Credentials("AKID", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert source() == Credentials("AKID", "secret", "token")
    assert container.asked == []


def test_a_containers_are_asked_for_once_and_renewed_in_time(container: Container) -> None:
    """Ten minutes before their end at the latest; while they last a failure to renew them changes nothing."""
    now = NOW
    source = CredentialSource(lambda: now)
    first = source()
    assert (first.access_key_id, first.expires_at) == ("key-1", NOW + 3600)
    assert source() is first
    assert container.asked == [("/v2/credentials?role=r", "the-token")]
    now = NOW + 3600 - 14 * 60
    container.answer = (500, b"")
    assert source() is first
    now = NOW + 3600 - 9 * 60
    with pytest.raises(AwsUnreachable, match="CredentialRetrievalError"):
        source()
    container.answer, container.expires_at = None, now + 3600
    assert source().access_key_id != "key-1"


def test_a_token_in_a_file_is_read_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, container: Container) -> None:
    """It is renewed there, and goes before the variable's."""
    file = tmp_path / "token"
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(file))
    for token in ("first", "second"):
        file.write_text(token, encoding="utf-8")
        CredentialSource(lambda: NOW)()
    assert [token for _, token in container.asked] == ["first", "second"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"\xff", b'{"AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": "x"}'],
)
def test_an_answer_that_is_none_is_tried_again_and_given_up(container: Container, body: bytes) -> None:
    """Three times; nothing of it is told."""
    container.answer = (200, body)
    with pytest.raises(AwsUnreachable, match="CredentialRetrievalError"):
        CredentialSource(lambda: NOW)()
    assert len(container.asked) == 3


def test_credentials_with_a_line_break_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be a header of somebody's making; and the error must not quote them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a\r\nx-evil: 1")
    with pytest.raises(AwsUnreachable) as raised:
        CredentialSource(lambda: NOW)()
    assert str(raised.value) == "NoCredentialsError"


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.com/",
        "http://169.254.169.254/",
        "http://127.0.0.1@example.com/",
        "http://127.0.0.1.example.com/",
        "file:///etc/passwd",
        "no uri",
        "",
    ],
)
def test_credentials_are_not_fetched_in_clear_from_afar(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    """Nor from anywhere that is not the container's: the token would be sent there."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the token has gone there")

    monkeypatch.setattr("signet.aws.lean.credentials.HTTPConnection", asked)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)
    with pytest.raises(AwsUnreachable, match="CredentialRetrievalError"):
        CredentialSource(lambda: NOW)()


def test_what_else_there_is_is_left_to_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile, or credentials that end and are renewed in the environment."""
    assert not are_configured()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    assert not are_configured()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert are_configured()
    monkeypatch.setenv("AWS_PROFILE", "p")
    assert not are_configured()

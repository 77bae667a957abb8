"""`signet tokens`: what an operator learns of a token, and how it is ended."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from signet_cli import web
from signet_cli.mistake import Mistake
from signet_cli.stack import Location, Stack
from tests.support import gateway_events
from tests.support.deployment import ISSUER
from tests.support.sign_in import PASSWORD, Application, Service
from tests.unit.cli.conftest import Answer, CommandLine


@pytest.fixture(autouse=True)
def reached(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands reach that deployment, by AWS and over HTTP."""
    deployment = service.deployment

    def find_stack(location: Location) -> Stack:
        return Stack(deployment.table, deployment.state_table, "keyring", ISSUER, lambda _: deployment.dynamodb)

    def request(method: str, url: str, **options: Any) -> web.Answer:
        headers = {name.lower(): value for name, value in options.get("headers", {}).items()}
        body = urlencode(options.get("fields", {})).encode()
        form = {"content-type": gateway_events.FORM} if method == "POST" else {}
        path = urlsplit(url).path
        event = gateway_events.event(method, path, headers={**headers, **form}, body=body)
        function = "introspection" if path.endswith("introspect") else "jwks"
        answer = gateway_events.answer(deployment.invoke(function, event))
        return web.Answer(answer.status, answer.headers, answer.body.encode())

    monkeypatch.setattr(web, "_request", request)
    monkeypatch.setattr("signet_cli.stack.find_stack", find_stack)
    monkeypatch.delenv("SIGNET_CLIENT_SECRET", raising=False)


@pytest.fixture
def offline(service: Service) -> Application:
    """An application whose tokens are refreshed."""
    return service.application("app", grant_types=("authorization_code", "refresh_token"))


@pytest.fixture
def tokens(service: Service, offline: Application) -> dict[str, str]:
    """What ada has let it have."""
    ada = service.user("ada")
    service.consent(ada, offline)
    visitor = service.visitor()
    page = visitor.sign_in(visitor.open(offline.url(scope="openid offline_access")), "ada", PASSWORD)
    answer: dict[str, str] = service.redeem(offline, page.redirected(offline.redirect_uri)["code"]).json()
    return answer


def inspected(signet: CommandLine, token: str, *arguments: str) -> Answer:
    """`signet tokens inspect` with a token on standard input."""
    return signet("tokens", "inspect", *arguments, typed=token)


@pytest.mark.parametrize(
    ("member", "kind"),
    [("access_token", "access token"), ("refresh_token", "refresh token"), ("id_token", "ID token")],
)
def test_each_kind_of_token_is_told_and_verified(
    signet: CommandLine, tokens: dict[str, str], member: str, kind: str
) -> None:
    """By the keys that are published, and without a word to the service."""
    answer = inspected(signet, tokens[member], "--json")
    assert answer.exit_code == 0, answer.everything
    assert (answer.json["kind"], answer.json["holds"], answer.json["verified"]) == (kind, True, True)
    assert answer.json["claims"]["iss"] == ISSUER
    shown = inspected(signet, f"{tokens[member]}\n")
    assert "Signature and times hold." in shown.stdout
    assert "in 59 min" in shown.stdout or " d)" in shown.stdout
    assert "who issued it" in shown.stdout
    assert tokens[member] not in shown.everything


def test_a_token_comes_from_a_file(signet: CommandLine, tokens: dict[str, str], tmp_path: Path) -> None:
    """Never from the command line, where everybody sees it."""
    path = tmp_path / "token"
    path.write_text(tokens["access_token"] + "\n")
    assert signet("tokens", "inspect", str(path)).exit_code == 0
    assert "cannot be read" in signet("tokens", "inspect", str(tmp_path / "none")).stderr
    answer = signet("tokens", "inspect", tokens["access_token"])
    assert answer.exit_code == 1
    assert "a token is no argument" in answer.stderr
    assert tokens["access_token"] not in answer.everything


def test_the_public_documents_are_enough(
    signet: CommandLine, service: Service, tokens: dict[str, str], tmp_path: Path
) -> None:
    """Or a key set in a file, without any network."""
    assert inspected(signet, tokens["access_token"], "--issuer", ISSUER).exit_code == 0
    key_set = tmp_path / "jwks.json"
    key_set.write_text(service.deployment.get("/connect/oauth/jwks").body)
    assert inspected(signet, tokens["access_token"], "--issuer", ISSUER, "--jwks", str(key_set)).exit_code == 0
    answer = inspected(signet, tokens["access_token"], "--issuer", f"{ISSUER}/other", "--jwks", str(key_set), "--json")
    assert (answer.exit_code, answer.json["verified"]) == (3, True)
    assert inspected(signet, tokens["access_token"], "--jwks", str(key_set)).exit_code == 2


def test_a_token_that_does_not_hold_is_told_why(
    signet: CommandLine, service: Service, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired, or not ours: what it says is shown as what nobody has proved."""
    header, payload, signature = tokens["access_token"].split(".")
    answer = inspected(signet, f"{header}.{payload}.{signature[:-8]}AAAAAAAA")
    assert answer.exit_code == 3
    assert "Nothing of this is proved" in answer.stdout
    service.clock.advance(3_601)
    monkeypatch.setattr("signet_cli.tokens.time", SimpleNamespace(time=service.clock))
    answer = inspected(signet, tokens["access_token"], "--json")
    assert (answer.exit_code, answer.json["holds"], answer.json["verified"]) == (3, False, True)
    assert answer.json["faults"][0].startswith("exp: it expired")


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "a.b.c.d.e", "x" * 20_000, f"{'a' * 22}.{'b' * 43}", "a b"])
def test_what_is_no_token_is_told_in_one_line(signet: CommandLine, text: str) -> None:
    """And not repeated."""
    for command in ("inspect", "revoke"):
        answer = signet("tokens", command, typed=text)
        assert (answer.exit_code, answer.stdout, len(answer.stderr.splitlines())) == (1, "", 1)
        assert len(text) < 10 or text not in answer.stderr


def asked(
    signet: CommandLine, monkeypatch: pytest.MonkeyPatch, application: Application, token: str, *arguments: str
) -> Answer:
    """`signet tokens introspect` as that application."""
    monkeypatch.setenv("SIGNET_CLIENT_SECRET", application.client_secret)
    return signet("tokens", "introspect", "--client-id", application.client_id, *arguments, typed=token)


def test_the_service_is_asked_and_revocation_is_seen(
    signet: CommandLine, monkeypatch: pytest.MonkeyPatch, offline: Application, tokens: dict[str, str]
) -> None:
    """Active until an operator revokes it; a grant with all its tokens."""
    answer = asked(signet, monkeypatch, offline, tokens["access_token"], "--json")
    assert (answer.exit_code, answer.json["active"]) == (0, True)
    before = signet("tokens", "revoke", "--dry-run", "--json", typed=tokens["access_token"])
    assert (before.exit_code, before.json["revoked"]) == (0, False)
    assert asked(signet, monkeypatch, offline, tokens["access_token"]).exit_code == 0
    revoked = signet("tokens", "revoke", "--json", typed=tokens["access_token"])
    assert revoked.json == {**before.json, "revoked": True}
    assert asked(signet, monkeypatch, offline, tokens["access_token"]).exit_code == 3
    assert asked(signet, monkeypatch, offline, tokens["refresh_token"]).exit_code == 0
    grant_id = json.loads(inspected(signet, tokens["refresh_token"], "--json").stdout)["claims"]["grant_id"]
    assert signet("tokens", "revoke", "--grant", grant_id, "--json").json == {"grant_id": grant_id, "revoked": True}
    assert asked(signet, monkeypatch, offline, tokens["refresh_token"]).exit_code == 3


@pytest.mark.parametrize(("member", "arguments"), [("refresh_token", []), ("access_token", ["--with-grant"])])
def test_a_token_can_take_its_grant_along(
    signet: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    *,
    offline: Application,
    tokens: dict[str, str],
    member: str,
    arguments: list[str],
) -> None:
    """A refresh token always, an access token where it is asked for."""
    assert signet("tokens", "revoke", *arguments, typed=tokens[member]).exit_code == 0
    for each in ("access_token", "refresh_token"):
        assert asked(signet, monkeypatch, offline, tokens[each]).exit_code == 3


def test_a_jti_is_enough(
    signet: CommandLine, monkeypatch: pytest.MonkeyPatch, offline: Application, tokens: dict[str, str]
) -> None:
    """For as long as any token lives, since its end is not known."""
    jti = inspected(signet, tokens["access_token"], "--json").json["claims"]["jti"]
    assert signet("tokens", "revoke", "--jti", jti).exit_code == 0
    assert asked(signet, monkeypatch, offline, tokens["access_token"]).exit_code == 3


def test_what_cannot_be_revoked_is_told(signet: CommandLine, tokens: dict[str, str]) -> None:
    """An ID token, a forged one, a grant that nobody knows; two things at once."""
    header, payload, signature = tokens["access_token"].split(".")
    assert "ID token" in signet("tokens", "revoke", typed=tokens["id_token"]).stderr
    forged = signet("tokens", "revoke", typed=f"{header}.{payload}.{signature[:-8]}AAAAAAAA")
    assert (forged.exit_code, "not revoked here" in forged.stderr) == (1, True)
    assert "no grant" in signet("tokens", "revoke", "--grant", "x" * 22).stderr
    assert signet("tokens", "revoke", "--grant", "x", "--jti", "y").exit_code == 2


def test_a_wrong_secret_is_told(
    signet: CommandLine, monkeypatch: pytest.MonkeyPatch, offline: Application, tokens: dict[str, str]
) -> None:
    """Where to look, and never what it was; without one a program is told how to give it."""
    monkeypatch.setenv("SIGNET_CLIENT_SECRET", "hunter2 hunter2")
    answer = signet("tokens", "introspect", "--client-id", "app", typed=tokens["access_token"])
    assert (answer.exit_code, "invalid_client" in answer.stderr, "hunter2" in answer.stderr) == (1, True, False)
    monkeypatch.delenv("SIGNET_CLIENT_SECRET", raising=False)
    answer = signet("tokens", "introspect", "--client-id", "app", typed=tokens["access_token"])
    assert (answer.exit_code, "SIGNET_CLIENT_SECRET" in answer.stderr) == (1, True)


def test_a_secret_goes_to_protected_addresses_alone() -> None:
    """Never over plain HTTP to another machine."""
    with pytest.raises(Mistake, match="https"):
        web.post_form("http://id.example.com/connect/oauth/introspect", {"token": "x"})

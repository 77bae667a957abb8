"""`signet clients update`: what is named changes, and nothing else."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from signet.model.client import Client, ClientSecret
from signet.settings import CLIENT_CACHE
from signet_cli.mistake import Mistake
from signet_cli.registrar import rotate_secret, update_client
from signet_cli.registration import RegistrationInvalid, updated
from tests.support.fakes import InMemoryClientRegistry
from tests.unit.cli.conftest import CommandLine

CALLBACK = "https://app.example.com/callback"
NEW = "https://new.example.com/callback"

WEB = Client(
    client_id="web",
    token_endpoint_auth_method="client_secret_basic",
    grant_types=("authorization_code",),
    client_secrets=(ClientSecret("d1" * 32, created_at=5), ClientSecret("d2" * 32, created_at=1, expires_at=9)),
    client_name="Web",
    scope=("openid", "a"),
    audience=("x",),
    access_token_lifetime=60,
    claims={"data_center": "EU", "level": 3},
    scope_format="list",
    logo_uri="https://app.example.com/logo.svg",
    contacts=("ops@example.com",),
    client_id_issued_at=7,
    redirect_uris=(CALLBACK,),
    post_logout_redirect_uris=("https://app.example.com/bye",),
    first_party=True,
)
SPA = Client("spa", "none", ("authorization_code",), redirect_uris=(CALLBACK,))
MACHINE = Client("machine", "client_secret_basic", ("client_credentials",), (ClientSecret("d3" * 32, created_at=0),))

UPDATES: list[tuple[list[str], dict[str, Any]]] = [
    (["--name", "New"], {"client_name": "New"}),
    (["--scope", "b c"], {"scope": ("b", "c")}),
    (["--scope", ""], {"scope": ()}),
    (["--audience", "y", "--audience", "z"], {"audience": ("y", "z")}),
    (["--access-token-lifetime", "15m"], {"access_token_lifetime": 900}),
    (["--claim", "level=4"], {"claims": {"data_center": "EU", "level": "4"}}),
    (["--scope-format", "string"], {"scope_format": "string"}),
    (["--id-token-alg", "ES256"], {"id_token_signed_response_alg": "ES256"}),
    (["--access-token-alg", "PS256"], {"access_token_signed_response_alg": "PS256"}),
    (["--auth-method", "client_secret_post"], {"token_endpoint_auth_method": "client_secret_post"}),
    (["--redirect-uri", NEW], {"redirect_uris": (NEW,)}),
    (["--add-redirect-uri", NEW], {"redirect_uris": (CALLBACK, NEW)}),
    (["--add-redirect-uri", CALLBACK], {}),
    (["--add-redirect-uri", NEW, "--remove-redirect-uri", CALLBACK], {"redirect_uris": (NEW,)}),
    (["--post-logout-redirect-uri", NEW], {"post_logout_redirect_uris": (NEW,)}),
    (["--no-first-party"], {"first_party": False}),
    (["--no-pkce"], {"require_pkce": False}),
    (
        ["--grant-type", "client_credentials", "--grant-type", "authorization_code"],
        {"grant_types": ("client_credentials", "authorization_code")},
    ),
]


@pytest.fixture
def registry(registry: InMemoryClientRegistry) -> InMemoryClientRegistry:
    """A client of each kind."""
    for client in (WEB, SPA, MACHINE):
        registry.create(client)
    return registry


def faults(client: Client, document: dict[str, Any]) -> dict[str, str]:
    """What is wrong with the change, by member."""
    with pytest.raises(RegistrationInvalid) as caught:
        updated(client, document)
    assert len(dict(caught.value.members)) == len(caught.value.members)
    return dict(caught.value.members)


@pytest.mark.parametrize(("options", "changes"), UPDATES, ids=" ".join)
def test_an_option_changes_its_member_and_nothing_else(
    signet: CommandLine, registry: InMemoryClientRegistry, options: list[str], changes: dict[str, Any]
) -> None:
    """Secrets, id and times included."""
    answer = signet("clients", "update", "web", "--json", *options)
    assert answer.exit_code == 0, answer.stderr
    assert registry.get("web") == replace(WEB, **changes)
    assert signet("clients", "show", "web", "--json").json == answer.json


def test_a_file_and_options_are_taken_together(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Options override the file, claims name by name; the file's claims are all there are."""
    typed = json.dumps({"client_name": "File", "scope": "b", "claims": {"site": 1}, "redirect_uris": [NEW]})
    options = ["--name", "Option", "--claim", "open=yes", "--add-redirect-uri", CALLBACK]
    assert signet("clients", "update", "web", "-", *options, typed=typed).exit_code == 0
    changes: dict[str, Any] = {"client_name": "Option", "scope": ("b",), "claims": {"site": 1, "open": "yes"}}
    assert registry.get("web") == replace(WEB, **changes, redirect_uris=(NEW, CALLBACK))


def test_null_takes_a_member_back_to_its_default(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """RFC 7396: otherwise nothing could be taken out."""
    typed = json.dumps(dict.fromkeys(("logo_uri", "client_name", "claims", "access_token_lifetime", "first_party")))
    assert signet("clients", "update", "web", "-", typed=typed).exit_code == 0
    defaults: dict[str, Any] = {"logo_uri": None, "client_name": "", "claims": {}, "access_token_lifetime": None}
    assert registry.get("web") == replace(WEB, **defaults, first_party=False)


def test_null_and_an_addition_make_a_new_list(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """The addition is not lost."""
    typed = '{"redirect_uris": null}'
    answer = signet("clients", "update", "web", "-", "--json", "--add-redirect-uri", NEW, typed=typed)
    assert answer.json["redirect_uris"] == [NEW]


def test_what_is_shown_can_be_edited_and_given_back(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """What the service gave is in it too, and is no change."""
    for client_id in ("web", "spa", "machine"):
        before = registry.get(client_id)
        shown = signet("clients", "show", client_id, "--json").json
        answer = signet("clients", "update", client_id, "-", typed=json.dumps(shown))
        assert (answer.exit_code, registry.get(client_id)) == (0, before)
        assert "Nothing had to be changed." in answer.stdout
        edited = {**shown, "client_name": "Edited"}
        assert signet("clients", "update", client_id, "-", "--json", typed=json.dumps(edited)).json == edited


def test_people_are_told_what_changed_and_when_it_holds(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Running environments remember clients."""
    answer = signet("clients", "update", "web", "--scope", "openid", "--no-pkce")
    assert "Changed: require_pkce, scope." in answer.stdout
    assert f"up to {CLIENT_CACHE} s" in answer.stdout
    assert "Without PKCE" in answer.stdout
    assert "d1" * 32 not in answer.everything


@pytest.mark.parametrize(
    ("client", "document", "told"),
    [
        (WEB, {"token_endpoint_auth_method": "none"}, {"token_endpoint_auth_method": "one that has it keeps it"}),
        (SPA, {"token_endpoint_auth_method": "client_secret_post"}, {"token_endpoint_auth_method": "never gets one"}),
        (SPA, {"grant_types": ["client_credentials"]}, {"grant_types": "for clients that keep a secret"}),
        (SPA, {"require_pkce": False}, {"require_pkce": "must send a challenge"}),
        (MACHINE, {"grant_types": ["authorization_code"]}, {"redirect_uris": "needs at least one"}),
        (WEB, {"redirect_uris": []}, {"redirect_uris": "needs at least one"}),
        (WEB, {"redirect_uris": None}, {"redirect_uris": "needs at least one"}),
        (WEB, {"client_id": "b"}, {"client_id": "never changes"}),
        (WEB, {"client_id": None}, {"client_id": "never changes"}),
        (WEB, {"client_secret": "s" * 40}, {"client_secret": "rotate-secret"}),
        (WEB, {"client_secrets": []}, {"client_secrets": "is given by the service"}),
        (WEB, {"client_id_issued_at": 8}, {"client_id_issued_at": "is given by the service"}),
        (WEB, {"response_types": ["token"]}, {"response_types": 'must be ["code"]'}),
        (WEB, {"response_types": "code"}, {"response_types": "must be a list"}),
        (
            WEB,
            {"grant_types": ["client_credentials"], "response_types": ["code"]},
            {"response_types": "must be []"},
        ),
        (
            SPA,
            {
                "client_id": "b",
                "grant_types": ["client_credentials"],
                "redirect_uris": [CALLBACK, "http://example.com/"],
                "token_endpoint_auth_method": "magic",
                "scopes": "x",
            },
            {
                "client_id": "never changes",
                "grant_types": "for clients that keep a secret",
                "redirect_uris[1]": "must be https",
                "token_endpoint_auth_method": "must be client_secret_basic",
                "scopes": "did you mean scope?",
            },
        ),
    ],
)
def test_a_change_to_what_cannot_be_is_refused_with_the_reason(
    client: Client, document: dict[str, Any], told: dict[str, str]
) -> None:
    """Each member that is in the way, at once."""
    found = faults(client, document)
    assert found.keys() == told.keys()
    assert all(reason in found[member] for member, reason in told.items())


def test_a_refused_change_changes_nothing(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """Not even the part of it that was sound."""
    answer = signet("clients", "update", "web", "--name", "New", "--redirect-uri", "javascript:alert(1)", "--json")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("error: redirect_uris[0]: must be https")
    assert registry.get("web") == WEB


def test_a_redirect_uri_that_is_not_there_cannot_be_removed(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """A misspelt one must not look removed."""
    answer = signet("clients", "update", "web", "--remove-redirect-uri", CALLBACK + "/")
    assert answer.exit_code == 1
    assert f"redirect_uris: {CALLBACK}/ is not one of them" in answer.stderr


def test_a_secret_in_the_file_is_refused_and_not_repeated(
    signet: CommandLine, registry: InMemoryClientRegistry
) -> None:
    """The answer of `create` is not the document to give back."""
    answer = signet("clients", "update", "web", "-", typed='{"client_secret": "hunter2-hunter2"}')
    assert answer.exit_code == 1
    assert "hunter2" not in answer.everything
    assert "rotate-secret" in answer.stderr


def test_a_member_that_was_not_named_is_not_judged() -> None:
    """A record may be older than today's rules."""
    old = replace(WEB, client_name="", contacts=("a\x1b[2J",), logo_uri="http://old.example.com/")
    assert updated(old, {"scope": "b"}) == replace(old, scope=("b",))


def test_every_field_of_a_client_can_be_changed_or_is_known_not_to_be() -> None:
    """A field that is added to the model is not forgotten here."""
    from signet_cli.registration import ClientMetadata

    given_by_the_service = {"client_id", "client_secrets", "client_id_issued_at", "etag"}
    assert {field.name for field in fields(Client)} == ClientMetadata().fields().keys() | given_by_the_service


def test_an_unknown_client_is_told(signet: CommandLine, registry: InMemoryClientRegistry) -> None:
    """With where to find the known ones."""
    answer = signet("clients", "update", "x", "--name", "a")
    assert answer.stderr == "error: there is no client x: `signet clients list` names them\n"


class Rotated(InMemoryClientRegistry):
    """Somebody rotates the secret between the read and the write, `times` times."""

    def __init__(self, client: Client, times: int) -> None:
        super().__init__(client)
        self.times = times

    def replace(self, client: Client, previous: Client) -> bool:
        if self.times:
            self.times -= 1
            rotate_secret(InMemoryRotation(self), client.client_id, 0, lambda: float(self.times))
        return super().replace(client, previous)


class InMemoryRotation(InMemoryClientRegistry):
    """The same clients, written without meeting anybody."""

    def __init__(self, behind: InMemoryClientRegistry) -> None:
        super().__init__()
        self._clients = behind._clients


def test_a_secret_that_is_rotated_at_the_same_moment_is_kept() -> None:
    """The whole record is written, so an unconditional write would bring the old secret back to life."""
    clients = Rotated(WEB, times=2)
    before, after = update_client(clients, "web", lambda client: updated(client, {"scope": "b"}))
    assert WEB.client_secrets[0] not in after.client_secrets
    assert after == replace(before, scope=("b",)) == clients.get("web")


def test_a_race_lost_all_the_time_ends() -> None:
    """With nothing changed."""
    clients = Rotated(WEB, times=100)
    with pytest.raises(Mistake, match="nothing was changed"):
        update_client(clients, "web", lambda client: updated(client, {"scope": "b"}))
    stored = clients.get("web")
    assert stored
    assert stored.scope == WEB.scope

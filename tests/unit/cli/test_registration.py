"""Client metadata as RFC 7591 section 2 spells it, checked before anything is stored."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet.clientauth.table import METHODS
from signet.grants.table import GRANTS
from signet.model.client import RESERVED_CLAIMS, ClientSecret
from signet.settings import LONGEST_TOKEN_LIFETIME
from signet_cli.metadata_rules import MOST_REDIRECT_URIS
from signet_cli.registration import ClientMetadata, RegistrationInvalid, client_metadata

SECRET = ClientSecret("00" * 32, created_at=0)
CALLBACK = "https://app.example.com/callback"


def faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Everything that is wrong with it, by member."""
    with pytest.raises(RegistrationInvalid) as caught:
        client_metadata(document)
    return list(caught.value.members)


def fault(member: str, value: object) -> str:
    """The one thing that is wrong with this value."""
    [(name, message)] = faults({member: value})
    assert name.partition("[")[0] == member
    return message


def test_metadata_left_out_takes_the_defaults() -> None:
    """RFC 7591 section 2 lets the server have its own defaults, and its answer tells them."""
    client = client_metadata({}).client("a", SECRET, 7)
    assert (client.grant_types, client.token_endpoint_auth_method) == (("client_credentials",), "client_secret_basic")
    assert (client.scope, client.audience, client.scope_format, client.client_id_issued_at) == ((), (), "string", 7)


def test_null_counts_as_omitted() -> None:
    """As an empty value does on the wire."""
    assert client_metadata({"scope": None, "client_name": None}) == ClientMetadata()


def test_every_member_reaches_the_client() -> None:
    """Nothing that was asked for is lost between the file and the registry."""
    client = client_metadata(
        {
            "client_name": "Stock <b>&</b> Søn",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_post",
            "scope": "stock:read stock:write",
            "audience": ["https://api.example.com", "back-office"],
            "access_token_lifetime": 899,
            "claims": {"data_center": "EU", "location": {"site": 7, "open": True}, "authorities": ["A", "B"]},
            "scope_format": "list",
            "id_token_signed_response_alg": "ES256",
            "access_token_signed_response_alg": "EdDSA",
            "client_uri": "https://example.com/",
            "logo_uri": "https://example.com/logo.svg?v=2",
            "policy_uri": "http://localhost:3000/policy",
            "tos_uri": "http://[::1]/tos",
            "contacts": ["ops@example.com"],
            "redirect_uris": [CALLBACK, "http://127.0.0.1/callback", "com.example.app:/callback"],
            "post_logout_redirect_uris": ["https://app.example.com/bye"],
            "require_pkce": False,
            "first_party": True,
        }
    ).client("a", SECRET, 0)
    assert client.client_name == "Stock <b>&</b> Søn"
    assert client.token_endpoint_auth_method == "client_secret_post"
    assert client.scope == ("stock:read", "stock:write")
    assert client.audience == ("https://api.example.com", "back-office")
    assert client.access_token_lifetime == 899
    assert client.claims == {"data_center": "EU", "location": {"site": 7, "open": True}, "authorities": ["A", "B"]}
    assert client.scope_format == "list"
    assert (client.id_token_signed_response_alg, client.access_token_signed_response_alg) == ("ES256", "EdDSA")
    assert client.logo_uri == "https://example.com/logo.svg?v=2"
    assert (client.client_uri, client.policy_uri) == ("https://example.com/", "http://localhost:3000/policy")
    assert (client.tos_uri, client.contacts) == ("http://[::1]/tos", ("ops@example.com",))
    assert client.redirect_uris == (CALLBACK, "http://127.0.0.1/callback", "com.example.app:/callback")
    assert client.post_logout_redirect_uris == ("https://app.example.com/bye",)
    assert (client.require_pkce, client.first_party) == (False, True)


def test_all_faults_are_told_at_once_each_by_its_member() -> None:
    """A person mends a file once, not once for each fault."""
    told = dict(
        faults(
            {
                "client_name": "a\x1b[31m",
                "grant_types": ["client_credentials", "magic"],
                "scope": "a a",
                "audience": ["", "b"],
                "access_token_lifetime": 0,
                "logo_uri": "javascript:alert(1)",
                "claims": {"sub": "root"},
                "scopes": "x",
            }
        )
    )
    assert list(told) == [
        "client_name",
        "grant_types[1]",
        "scope",
        "audience[0]",
        "claims",
        "logo_uri",
        "scopes",
        "access_token_lifetime",
    ]


@pytest.mark.parametrize("name", ["id_token_signed_response_alg", "access_token_signed_response_alg"])
@pytest.mark.parametrize("alg", ["none", "HS256", "ES384", "rs256", ""])
def test_an_algorithm_that_never_signs_here_is_refused(name: str, alg: str) -> None:
    """OpenID Connect Registration section 2 would allow `none` for some; nobody gets an unsigned token here."""
    assert fault(name, alg) == "must be ES256 or EdDSA or PS256 or RS256"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("scopes", "scope"),
        ("grant_type", "grant_types"),
        ("clientName", "client_name"),
        ("audiences", "audience"),
        ("token_endpoint_auth_methods", "token_endpoint_auth_method"),
        ("redirect_uri", "redirect_uris"),
    ],
)
def test_unknown_member_is_refused_with_the_nearest_known_one(name: str, near: str) -> None:
    """A person's misspelt member must not be lost."""
    assert fault(name, "x") == f"is not a member known here, did you mean {near}?"


@pytest.mark.parametrize("name", ["colour", "jwks_uri", ""])
def test_unknown_member_without_a_near_one_is_refused_plainly(name: str) -> None:
    """A wrong hint is worse than none."""
    assert fault(name, "x") == "is not a member known here"


@pytest.mark.parametrize("name", ["client_id_issued_at", "client_secret_expires_at"])
def test_members_of_the_answer_cannot_be_asked_for(name: str) -> None:
    """RFC 7591 section 3.2.1: the server decides them."""
    assert fault(name, 0) == "is given by the service, leave it out"


@pytest.mark.parametrize("member", ["client_name", "scope", "token_endpoint_auth_method", "logo_uri", "client_id"])
@pytest.mark.parametrize("value", [7, True, ["a"], {"a": "b"}])
def test_a_string_member_takes_nothing_but_a_string(member: str, value: object) -> None:
    """Nothing is converted: 7 is not "7"."""
    assert fault(member, value) == "must be a string"


LISTS_OF_URIS = ["redirect_uris", "post_logout_redirect_uris"]


@pytest.mark.parametrize("member", ["audience", "contacts", "grant_types", "response_types", *LISTS_OF_URIS])
def test_a_list_member_takes_nothing_but_a_list(member: str) -> None:
    """A string is not a list of one."""
    assert fault(member, "a") == "must be a list of strings"


@pytest.mark.parametrize("member", ["audience", "contacts"])
def test_lists_are_bounded_and_name_each_value_once(member: str) -> None:
    """An item of the registry stays small."""
    assert fault(member, [str(n) for n in range(21)]) == "must not have more than 20 values"
    assert fault(member, ["a", "a"]) == "names a twice"


def test_grant_types_are_those_of_the_table() -> None:
    """The table of grants is the only list."""
    document = {"grant_types": list(GRANTS), "redirect_uris": [CALLBACK]}
    assert client_metadata(document).grant_types == list(GRANTS)
    assert fault("grant_types", ["password"]) == f"must be {' or '.join(sorted(GRANTS))}"
    assert fault("grant_types", []) == "must name at least one"


def test_authentication_methods_are_those_of_the_table() -> None:
    """The table of methods is the only list."""
    for method in METHODS:
        document = {"token_endpoint_auth_method": method, "redirect_uris": [CALLBACK]}
        assert client_metadata(document).token_endpoint_auth_method == method
    assert fault("token_endpoint_auth_method", "magic") == f"must be {' or '.join(sorted(METHODS))}"


@pytest.mark.parametrize("member", ["require_pkce", "first_party"])
@pytest.mark.parametrize("value", ["true", 1, [True]])
def test_a_decision_is_yes_or_no(member: str, value: object) -> None:
    """Nothing is converted: "false" must not become true."""
    assert fault(member, value) == "must be true or false"


@pytest.mark.parametrize("member", LISTS_OF_URIS)
def test_every_fault_of_redirect_uris_is_told_with_its_index(member: str) -> None:
    """A list is mended once; the rules themselves are tested where they stand."""
    uris = [CALLBACK, "http://app.example.com/", "javascript:alert(1)", "https://app.example.com/#x"]
    told = faults({"redirect_uris": [CALLBACK], member: uris})
    assert [name for name, _ in told] == [f"{member}[1]", f"{member}[2]", f"{member}[3]"]
    assert all("must " in message for _, message in told)


@pytest.mark.parametrize("member", LISTS_OF_URIS)
def test_redirect_uris_are_bounded_and_named_once(member: str) -> None:
    """Each request is compared with all of them."""
    many = [f"https://app.example.com/{number}" for number in range(MOST_REDIRECT_URIS + 1)]
    assert fault(member, many) == "must not have more than 50 values"
    assert fault(member, [CALLBACK, CALLBACK]) == f"names {CALLBACK} twice"
    assert client_metadata({member: many[1:]}).model_dump()[member] == many[1:]


@pytest.mark.parametrize(
    ("document", "grant_types"),
    [
        ({}, ["client_credentials"]),
        ({"redirect_uris": [CALLBACK]}, ["authorization_code"]),
        ({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}, ["authorization_code"]),
        ({"redirect_uris": [CALLBACK], "grant_types": ["client_credentials"]}, ["client_credentials"]),
    ],
)
def test_the_usual_grant_type_follows_from_what_the_client_is(document: dict[str, Any], grant_types: list[str]) -> None:
    """A client with a redirect URI is one that people sign in to."""
    assert client_metadata(document).grant_types == grant_types


@pytest.mark.parametrize(
    ("grant_types", "response_types"),
    [
        (["authorization_code"], ["code"]),
        (["authorization_code", "client_credentials"], ["code"]),
        (["client_credentials"], []),
    ],
)
def test_response_types_say_what_the_grant_types_imply_or_are_refused(
    grant_types: list[str], response_types: list[str]
) -> None:
    """RFC 7591 section 2.1: the two have to agree; the second is not stored."""
    document = {"grant_types": grant_types, "redirect_uris": [CALLBACK]}
    client_metadata({**document, "response_types": response_types})
    for other in (["token"], ["code", "token"], ["code"], [], ["code", "code"]):
        if other != response_types:
            [(member, message)] = faults({**document, "response_types": other})
            assert member == "response_types"
            assert message == f"must be {json.dumps(response_types)}, as the grant types imply, or left out"


def test_response_types_are_not_judged_by_grant_types_that_are_wrong_themselves() -> None:
    """One mistake is told once."""
    document = {"grant_types": ["authorisation_code"], "redirect_uris": [CALLBACK], "response_types": ["code"]}
    assert [member for member, _ in faults(document)] == ["grant_types[0]"]


def test_an_application_type_is_refused_with_the_reason() -> None:
    """OpenID Connect Registration's member would promise rules that are not those of this service."""
    assert "the redirect URIs alone tell" in fault("application_type", "web")


def test_every_impossible_combination_is_told_at_once_each_by_its_member() -> None:
    """Beside the faults of single members."""
    told = faults(
        {
            "token_endpoint_auth_method": "none",
            "grant_types": ["client_credentials", "authorization_code"],
            "client_secret": "s" * 40,
            "require_pkce": False,
            "logo_uri": "http://example.com/",
        }
    )
    assert told == [
        ("logo_uri", "must be an https URI; http is for localhost, 127.0.0.1 and [::1] alone"),
        ("client_secret", "a public client has none: leave it out"),
        ("grant_types", "client_credentials is for clients that keep a secret"),
        ("require_pkce", "a public client must send a challenge"),
        ("redirect_uris", "the authorization_code grant needs at least one"),
    ]


def test_a_member_that_is_wrong_is_not_told_to_be_missing() -> None:
    """One mistake is told once."""
    document = {"grant_types": ["authorization_code"], "redirect_uris": [7]}
    assert faults(document) == [("redirect_uris[0]", "must be a string")]


def test_a_public_client_is_made_without_a_secret() -> None:
    """RFC 6749 section 2.1: it could not keep one."""
    metadata = client_metadata({"token_endpoint_auth_method": "none", "redirect_uris": [CALLBACK]})
    client = metadata.client("a", None, 0)
    assert metadata.is_public
    assert client.is_public
    assert (client.client_secrets, client.require_pkce) == ((), True)


@pytest.mark.parametrize("scope", ["openid", "offline_access", "urn:example:any", "https://api.example.com/read"])
def test_a_scope_of_any_name_can_be_registered(scope: str) -> None:
    """What a scope means is the catalogue's business."""
    assert client_metadata({"scope": scope}).scope == scope


@pytest.mark.parametrize("scope", ["a  b", " a", "a ", "a\tb", "a\nb", 'a"b', "a\\b", "é", "a" * 257])
def test_scope_is_written_as_rfc_6749_section_3_3_does(scope: str) -> None:
    """Anything else could not be asked for on the wire."""
    assert fault("scope", scope).startswith("must be scopes separated by single spaces")


def test_scope_may_be_empty_and_is_bounded() -> None:
    """A client without scope is one that gets none."""
    assert client_metadata({"scope": ""}).client("a", SECRET, 0).scope == ()
    assert fault("scope", "a b a") == "names a twice"
    assert fault("scope", " ".join(f"scope{n:04}" for n in range(500))) == "must not be longer than 4000 characters"


@pytest.mark.parametrize("lifetime", [0, -1, LONGEST_TOKEN_LIFETIME + 1, 10**30])
def test_lifetime_stays_within_what_keys_outlive(lifetime: int) -> None:
    """A retired key is published no longer than the longest token."""
    assert fault("access_token_lifetime", lifetime) == f"must be 1 to {LONGEST_TOKEN_LIFETIME} seconds"


@pytest.mark.parametrize("lifetime", ["900", 900.0, 0.5, True])
def test_lifetime_is_a_whole_number(lifetime: object) -> None:
    """Nothing is converted."""
    assert fault("access_token_lifetime", lifetime) == "must be a whole number"


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "a\r\nSet-Cookie: x", "a\x1b[2J", "a\x7f", "a\x9b31m", "a\u2028b", "a\u202eb", "a\u2066b", "\ud800"],
)
@pytest.mark.parametrize("member", ["client_name", "contacts", "audience"])
def test_text_with_control_characters_is_refused(member: str, text: str) -> None:
    """They could rewrite a header, a log line, a terminal or a page's direction."""
    value = text if member == "client_name" else [text]
    assert fault(member, value) == "must not hold control characters or line breaks"


def test_text_is_bounded_and_not_empty() -> None:
    """A name is there to be read."""
    assert fault("client_name", "") == "must not be empty"
    assert fault("client_name", "a" * 256) == "must not be longer than 255 characters"


def test_markup_in_a_name_is_kept_as_text() -> None:
    """Pages escape; a name is not judged by its letters."""
    assert client_metadata({"client_name": "<script>[red]é😀"}).client_name == "<script>[red]é😀"


@pytest.mark.parametrize("member", ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "http://example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1:80@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com:99999/",
        "https://[::1/",
        "https:///path",
        "https:example.com",
        "//example.com/",
        "/logo.png",
        "https://example.com/\r\nx",
        "https://exam\tple.com/",
        "java\nscript:alert(1)",
        "https://example.com/a b",
        "https://example.com\\@evil.example/",
        'https://example.com/"onload=',
        "https://exämple.com/",
        "",
        "https://example.com/" + "a" * 2000,
    ],
)
def test_a_web_uri_leads_to_a_web_page_and_nowhere_else(member: str, uri: str) -> None:
    """https, http on this machine alone, no user-info, no script, no control characters."""
    assert fault(member, uri).startswith("must ")


def test_brought_id_is_checked_and_kept() -> None:
    """RFC 6749 appendix A.1."""
    assert client_metadata({"client_id": "dkconnect"}).client_id == "dkconnect"
    for client_id in ("", "a" * 256, "é", "a\nb", " a"):
        assert fault("client_id", client_id).startswith("must be 1 to 255 printable ASCII characters")


def test_brought_secret_is_refused_where_its_digest_could_be_reversed() -> None:
    """A plain SHA-256 protects only what nobody can guess."""
    assert "only its SHA-256 is stored" in fault("client_secret", "x" * 31)
    assert fault("client_secret", "é" * 32) == "must be printable ASCII characters"
    assert client_metadata({"client_secret": "x" * 32}).client_secret is not None


@pytest.mark.parametrize("client_secret", ["hunter2-hunter2", 20253101, ["hunter2-in-a-list"]])
def test_a_refused_secret_is_not_repeated(client_secret: object) -> None:
    """Neither in the message nor in what the exception drags along."""
    with pytest.raises(RegistrationInvalid) as caught:
        client_metadata({"client_secret": client_secret, "scope": 7})
    told = f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "hunter2" not in told
    assert "20253101" not in told


def test_a_secret_is_not_printed_with_its_metadata() -> None:
    """A secret cannot be printed by accident."""
    assert "x" * 32 not in repr(client_metadata({"client_secret": "x" * 32}))


@pytest.mark.parametrize("claim", sorted(RESERVED_CLAIMS))
def test_claims_of_the_service_cannot_be_set(claim: str) -> None:
    """A static `sub` would make a client someone else."""
    assert fault("claims", {claim: "x"}) == f"the service itself sets {claim}"


@pytest.mark.parametrize("value", [None, "", [], {}, {"a": None}, [{"b": ""}], [[]]])
def test_claims_are_never_null_or_empty(value: object) -> None:
    """At any depth."""
    assert fault("claims", {"a": value}) == "must not hold null or empty values: leave them out"


@pytest.mark.parametrize(
    "number", [2**53, -(2**53), 1e300, 1e-200, float("inf"), float("nan"), pytest.param(10**400, id="1e400")]
)
def test_claims_hold_numbers_that_every_reader_reads_alike(number: float) -> None:
    """RFC 7493 section 2.2; the registry could not keep some of them either."""
    assert "make it a string" in fault("claims", {"a": number})


def test_whole_numbers_in_claims_are_kept_as_integers() -> None:
    """The registry does, and a claim must not change its spelling by being stored."""
    assert repr(client_metadata({"claims": {"a": 2.0, "b": [0.5, True]}}).claims) == "{'a': 2, 'b': [0.5, True]}"


def test_claims_are_bounded_in_size_and_depth() -> None:
    """Every token carries them."""
    assert fault("claims", {"a": "x" * 2048}).startswith("must not be larger than 2048 bytes")
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert fault("claims", {"a": deep}) == "must not be nested deeper than 8 levels"


@pytest.mark.parametrize("claims", [{"a": "x\x00"}, {"a\n": "x"}, {"a": ["\x1b"]}, {"a": {"b": "\ud800"}}])
def test_claims_hold_no_control_characters(claims: dict[str, Any]) -> None:
    """Logs and pages show them."""
    assert fault("claims", claims) == "must not hold control characters"


def test_an_impossible_combination_is_told_like_any_other_fault() -> None:
    """The model of a client has the last word."""
    with pytest.raises(RegistrationInvalid) as caught:
        client_metadata({}).client("é", SECRET, 0)
    assert caught.value.members[0][0] == "client_id"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=8,
)
MEMBERS = st.sampled_from([*ClientMetadata.model_fields, "scopes"]) | st.text(max_size=5)


@given(st.dictionaries(MEMBERS, JSON, max_size=4))
def test_any_document_gives_a_client_or_its_faults(document: dict[str, Any]) -> None:
    """Whatever a file holds, nothing but a told fault comes of it."""
    with suppress(RegistrationInvalid):
        metadata = client_metadata(document)
        metadata.client("a", None if metadata.is_public else SECRET, 0)

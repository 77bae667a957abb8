"""Client metadata (RFC 7591 section 2) as an operator gives it, checked before anything is stored."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from signet.model.client import SECRET_METHODS, Client, ClientInvalid, ClientSecret
from signet_cli import metadata_rules as rules
from signet_cli.mistake import Mistake
from signet_cli.representation import described, response_types

ISSUED_MEMBERS = frozenset({"client_id_issued_at", "client_secret_expires_at", "client_secrets"})
"""Members of an answer that nobody can ask for."""

_UNCHANGING = {
    "client_id": "never changes: create another client",
    "client_secret": "is not changed here: `signet clients rotate-secret` replaces it",
}

_PUBLIC_FOR_LIFE = "a client without a secret never gets one, and one that has it keeps it: create another client"

_UNSUPPORTED = {
    "application_type": "is not supported, leave it out: what may be registered is the same for web and native"
    " applications, and the redirect URIs alone tell which it is",
}

GrantType = Annotated[str, AfterValidator(rules.grant_type)]
Text = Annotated[str, AfterValidator(rules.text)]
Algorithm = Annotated[str, AfterValidator(rules.signing_algorithm)]
WebUri = Annotated[str, AfterValidator(rules.web_uri)]
EachOnce = AfterValidator(rules.each_once)
RedirectUris = Annotated[list[str], Field(max_length=rules.MOST_REDIRECT_URIS), EachOnce]

Fault = tuple[str, str]
"""A member of RFC 7591, in a list with its position counted from 0 (`audience[1]`), and what is wrong with it."""


class RegistrationInvalid(Mistake):
    """Client metadata that cannot be registered, with every fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.members = tuple(faults)
        super().__init__(*(f"{member}: {message}" for member, message in self.members))


class _Faults:
    """Faults as they are found; once a member is wrong, no rule for the whole is asked of it."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    @property
    def members(self) -> set[str]:
        return {member.partition("[")[0] for member, _ in self._found}

    def add(self, faults: Iterable[Fault]) -> None:
        wrong = self.members
        self._found += [(member, message) for member, message in faults if member.partition("[")[0] not in wrong]

    def tell(self) -> None:
        """Raise RegistrationInvalid where there are any."""
        if self._found:
            raise RegistrationInvalid(self._found)


class ClientMetadata(BaseModel):
    """What a client is to be.

    A member that is not known is refused. RFC 7591 section 2 has a registration *endpoint* ignore it, since programs of
    many servers talk to it; this is a person's file, where an ignored `scopes` would be a client without its scope.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    client_id: Annotated[str, AfterValidator(rules.client_id)] | None = None
    client_secret: Annotated[SecretStr, AfterValidator(rules.client_secret)] | None = None
    client_name: Text = ""
    token_endpoint_auth_method: Annotated[str, AfterValidator(rules.auth_method)] = "client_secret_basic"  # noqa: S105 - a method's name
    redirect_uris: RedirectUris = []
    post_logout_redirect_uris: RedirectUris = []
    grant_types: Annotated[list[GrantType], Field(min_length=1), EachOnce] = Field(
        default_factory=rules.usual_grant_types
    )
    response_types: list[str] | None = None
    require_pkce: bool = True
    first_party: bool = False
    rotate_refresh_tokens: bool = True
    scope: Annotated[str, AfterValidator(rules.scope)] = ""
    audience: Annotated[list[Text], Field(max_length=rules.MOST_VALUES), EachOnce] = []
    access_token_lifetime: int | None = None
    refresh_token_lifetime: int | None = None
    refresh_token_idle_lifetime: int | None = None
    claims: Annotated[dict[str, Any], AfterValidator(rules.claims)] = {}
    scope_format: Literal["string", "list"] = "string"
    id_token_signed_response_alg: Algorithm | None = None
    access_token_signed_response_alg: Algorithm | None = None
    client_uri: WebUri | None = None
    logo_uri: WebUri | None = None
    policy_uri: WebUri | None = None
    tos_uri: WebUri | None = None
    contacts: Annotated[list[Text], Field(max_length=rules.MOST_VALUES), EachOnce] = []

    @property
    def is_public(self) -> bool:
        """Whether the client gets no secret."""
        return self.token_endpoint_auth_method not in SECRET_METHODS

    def fields(self) -> dict[str, Any]:
        """The fields of a client that metadata decide."""
        return {
            "client_name": self.client_name,
            "token_endpoint_auth_method": self.token_endpoint_auth_method,
            "redirect_uris": tuple(self.redirect_uris),
            "post_logout_redirect_uris": tuple(self.post_logout_redirect_uris),
            "grant_types": tuple(self.grant_types),
            "require_pkce": self.require_pkce,
            "first_party": self.first_party,
            "rotate_refresh_tokens": self.rotate_refresh_tokens,
            "scope": tuple(self.scope.split()),
            "audience": tuple(self.audience),
            "access_token_lifetime": self.access_token_lifetime,
            "refresh_token_lifetime": self.refresh_token_lifetime,
            "refresh_token_idle_lifetime": self.refresh_token_idle_lifetime,
            "claims": self.claims,
            "scope_format": self.scope_format,
            "id_token_signed_response_alg": self.id_token_signed_response_alg,
            "access_token_signed_response_alg": self.access_token_signed_response_alg,
            "client_uri": self.client_uri,
            "logo_uri": self.logo_uri,
            "policy_uri": self.policy_uri,
            "tos_uri": self.tos_uri,
            "contacts": tuple(self.contacts),
        }

    def client(self, client_id: str, client_secret: ClientSecret | None, client_id_issued_at: int) -> Client:
        """The client of this metadata, with an id and a secret, None for a public one; time in epoch seconds.

        Raises RegistrationInvalid for a combination that the model of a client refuses.
        """
        secrets = (client_secret,) if client_secret else ()
        try:
            return Client(client_id, client_secrets=secrets, client_id_issued_at=client_id_issued_at, **self.fields())
        except ClientInvalid as error:
            raise RegistrationInvalid(error.faults) from error


_ANY_SECRET = ClientSecret("any", created_at=0)
"""Stands for the one that a confidential client is given when it is stored."""


def client_metadata(document: Mapping[str, Any]) -> ClientMetadata:
    """The metadata in a JSON object; null counts as omitted. Raises RegistrationInvalid with every fault at once."""
    faults = _Faults()
    metadata = _read(document, faults)
    if metadata.is_public and metadata.client_secret:
        faults.add([("client_secret", "a public client has none: leave it out")])
    faults.add(_response_types_faults(metadata.response_types, metadata.grant_types))
    try:
        metadata.client(metadata.client_id or "unnamed", None if metadata.is_public else _ANY_SECRET, 0)
    except RegistrationInvalid as invalid:
        faults.add(invalid.members)
    faults.tell()
    return metadata


def updated(client: Client, document: Mapping[str, Any]) -> Client:
    """The client with what the document names and nothing else changed; null takes a member back to its default.

    What the document has as `described` shows it is no change, so that what was shown can be edited and given back.
    The secrets stay as they are. Raises RegistrationInvalid with every fault at once.
    """
    present = described(client)
    named = {name: value for name, value in document.items() if value != present.get(name)}
    faults = _Faults()
    faults.add((name, message) for name, message in _UNCHANGING.items() if name in named)
    metadata = _read({name: value for name, value in named.items() if name not in faults.members}, faults)
    if "token_endpoint_auth_method" in named and metadata.is_public != client.is_public:
        faults.add([("token_endpoint_auth_method", _PUBLIC_FOR_LIFE)])
    fields = {name: value for name, value in metadata.fields().items() if name in named.keys() - faults.members}
    faults.add(_response_types_faults(document.get("response_types"), fields.get("grant_types", client.grant_types)))
    changed = client
    try:
        changed = replace(client, **fields)
    except ClientInvalid as invalid:
        faults.add(invalid.faults)
    faults.tell()
    return changed


def _read(document: Mapping[str, Any], faults: _Faults) -> ClientMetadata:
    """What of the document is sound, after the faults of the rest are added."""
    members = {name: value for name, value in document.items() if value is not None}
    try:
        return ClientMetadata.model_validate(members)
    except ValidationError as error:
        found = [fault for fault in error.errors(include_url=False, include_input=False) if fault["loc"][0] in members]
    # outside the handler: the validation error holds what was typed, secrets included
    faults.add((_member(fault["loc"]), _message(dict(fault))) for fault in found)
    wrong = {fault["loc"][0] for fault in found}
    return _read({name: value for name, value in members.items() if name not in wrong}, faults)


def _response_types_faults(given: object, grant_types: Sequence[str]) -> list[Fault]:
    """They are not stored, so they may say nothing else than the grant types do."""
    implied = response_types(grant_types)
    if given is None or given == implied:
        return []
    return [("response_types", f"must be {json.dumps(implied)}, as the grant types imply, or left out")]


def _member(location: tuple[int | str, ...]) -> str:
    """The member a fault belongs to, in a list with its position counted from 0: `audience[1]`."""
    name, *rest = location
    return str(name) + "".join(f"[{part}]" for part in rest)


_MESSAGES = {
    "string_type": "must be a string",
    "list_type": "must be a list of strings",
    "dict_type": "must be a JSON object",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "too_short": "must name at least one",
    "too_long": "must not have more than {max_length} values",
    "literal_error": "must be {expected}",
}


def _message(fault: dict[str, Any]) -> str:
    """A fault in words; what pydantic says of it where no better ones are at hand."""
    if fault["type"] == "extra_forbidden":
        return _unknown(str(fault["loc"][0]))
    template = _MESSAGES.get(fault["type"])
    return template.format(**fault.get("ctx", {})) if template else str(fault["msg"])


def _unknown(name: str) -> str:
    if name in ISSUED_MEMBERS:
        return "is given by the service, leave it out"
    if name in _UNSUPPORTED:
        return _UNSUPPORTED[name]
    near = get_close_matches(name.lower(), ClientMetadata.model_fields, n=1, cutoff=0.75)
    return "is not a member known here" + (f", did you mean {near[0]}?" if near else "")

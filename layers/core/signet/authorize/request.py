"""Reading an authorization request in its two phases: who may be answered, then what is asked."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from signet import pkce
from signet.errors import ErrorCode, OAuthError, Reason
from signet.model import redirect_uri as redirect_uris
from signet.model.authorization import AuthorizationRequest, RedirectTarget
from signet.model.client import CLIENT_ID, Client
from signet.parameters import LONGEST_TEXT, Parameters, is_text, parse_scope
from signet.ports import ClientStore

RESPONSE_MODES = ("query", "form_post")

PROMPTS = frozenset({"none", "login", "consent", "select_account"})

ACR = "urn:signet:acr:password"
"""The one authentication context class on offer: a password."""

_UNSUPPORTED = {
    "request": ErrorCode.REQUEST_NOT_SUPPORTED,
    "request_uri": ErrorCode.REQUEST_URI_NOT_SUPPORTED,
    "registration": ErrorCode.REGISTRATION_NOT_SUPPORTED,
}

HintReader = Callable[[str, Client], str]
"""The `sub` of an id_token_hint that we issued to this client, expired or not. Raises OAuthError."""


def redirect_target(parameters: Parameters, clients: ClientStore, issuer: str) -> tuple[Client, RedirectTarget]:
    """Phase one: the client, and the place where everything else may be answered.

    Raises OAuthError, which can only be shown: nobody has proved where else it might go (RFC 6749 section 4.1.2.1).
    """
    client_id = parameters.get("client_id", "")
    client = clients.get(client_id) if CLIENT_ID.fullmatch(client_id) else None
    if client is None:
        raise _refused(Reason.CLIENT_UNKNOWN, "The client_id is missing or unknown.")
    requested = parameters.get("redirect_uri", "")
    if not any(redirect_uris.matches(registered, requested) for registered in client.redirect_uris):
        raise _refused(Reason.REDIRECT_URI_NOT_REGISTERED, "The redirect_uri is missing or not registered.")
    mode = parameters.get("response_mode", "query")
    state = parameters.get("state", "")
    return client, RedirectTarget(
        requested, issuer, state if is_text(state) else "", mode if mode in RESPONSE_MODES else "query"
    )


def authorization_request(
    parameters: Parameters, client: Client, target: RedirectTarget, sub_of_hint: HintReader, default_audience: str
) -> AuthorizationRequest:
    """Phase two: everything else. Raises OAuthError, for the target to carry back.

    `default_audience` is where the tokens of a client that is registered for no other may be used.
    """
    _check_response(parameters, client)
    scope = parse_scope(parameters["scope"]) if "scope" in parameters else client.scope
    if not set(scope) <= set(client.scope):
        raise OAuthError(
            ErrorCode.INVALID_SCOPE, Reason.SCOPE_NOT_REGISTERED, "The scope exceeds the client's registered scope."
        )
    id_token_claims, wanted_sub = _claims(parameters.get("claims", ""))
    hint = parameters.get("id_token_hint")
    hinted_sub = sub_of_hint(hint, client) if hint else ""
    if wanted_sub and hinted_sub and wanted_sub != hinted_sub:
        raise _refused(Reason.PARAMETER_MALFORMED, "The claims and id_token_hint parameters name different subjects.")
    return AuthorizationRequest(
        client=client,
        target=target,
        scope=scope,
        nonce=parameters.get("nonce", ""),
        code_challenge=_code_challenge(parameters, client),
        prompt=_prompt(parameters.get("prompt", "")),
        max_age=_max_age(parameters.get("max_age")),
        login_hint=parameters.get("login_hint", "")[:256],
        audience=_audience(parameters.get("resource"), client.audience or (default_audience,)),
        id_token_claims=id_token_claims,
        required_sub=wanted_sub or hinted_sub,
    )


def _check_response(parameters: Parameters, client: Client) -> None:
    for name, code in _UNSUPPORTED.items():
        if name in parameters:
            raise OAuthError(code, Reason.PARAMETER_UNSUPPORTED, f"The {name} parameter is not supported.")
    if "authorization_code" not in client.grant_types:
        raise OAuthError(
            ErrorCode.UNAUTHORIZED_CLIENT,
            Reason.GRANT_TYPE_NOT_REGISTERED,
            "The client is not registered for the authorization_code grant.",
        )
    if "response_type" not in parameters:
        raise _refused(Reason.PARAMETER_MISSING, "The response_type parameter is missing.")
    if parameters["response_type"] != "code":
        raise OAuthError(
            ErrorCode.UNSUPPORTED_RESPONSE_TYPE, Reason.RESPONSE_TYPE_UNKNOWN, "The response_type must be code."
        )
    if parameters.get("response_mode", "query") not in RESPONSE_MODES:
        raise _refused(Reason.PARAMETER_MALFORMED, "The response_mode must be query or form_post.")
    for name in ("state", "nonce", "acr_values"):
        if not is_text(parameters.get(name, "")):
            raise _refused(Reason.PARAMETER_MALFORMED, f"The {name} parameter is too long or malformed.")


def _code_challenge(parameters: Parameters, client: Client) -> str:
    """The S256 challenge; demanded of public clients, and of all others unless registered without (RFC 9700 2.1.1)."""
    challenge = parameters.get("code_challenge", "")
    if not challenge:
        if "code_challenge_method" in parameters or client.require_pkce or client.is_public:
            raise _refused(Reason.CODE_CHALLENGE_MISSING, "The code_challenge parameter is missing.")
        return ""
    if parameters.get("code_challenge_method") != pkce.METHOD:
        raise _refused(Reason.CODE_CHALLENGE_METHOD_UNKNOWN, "The code_challenge_method must be S256.")
    if not pkce.is_challenge(challenge):
        raise _refused(Reason.PARAMETER_MALFORMED, "The code_challenge parameter is malformed.")
    return challenge


def _prompt(prompt: str) -> frozenset[str]:
    prompts = frozenset(prompt.split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise _refused(Reason.PARAMETER_MALFORMED, "The prompt parameter is malformed.")
    return prompts


def _max_age(max_age: str | None) -> int | None:
    if max_age is None:
        return None
    if not (max_age.isascii() and max_age.isdecimal() and len(max_age) <= 10):
        raise _refused(Reason.PARAMETER_MALFORMED, "The max_age parameter must be a number of seconds.")
    return int(max_age)


def _audience(resource: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    if resource is None:
        return ()
    if resource not in allowed:
        raise OAuthError(
            ErrorCode.INVALID_TARGET, Reason.RESOURCE_NOT_REGISTERED, "The resource is not one this client may use."
        )
    return (resource,)


def _claims(claims: str) -> tuple[tuple[str, ...], str]:
    """Claims wanted in the ID token, and the subject wanted (OpenID Connect Core section 5.5).

    An essential `acr` that is not on offer cannot be met, so the request fails.
    """
    if not claims:
        return (), ""
    try:
        members = json.loads(claims, object_pairs_hook=_members) if len(claims) <= 2 * LONGEST_TEXT else None
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, Mapping):
        raise _refused(Reason.PARAMETER_MALFORMED, "The claims parameter must be a JSON object.")
    places = [members.get(place) or {} for place in ("id_token", "userinfo")]
    if not all(isinstance(place, Mapping) for place in places):
        raise _refused(Reason.PARAMETER_MALFORMED, "A member of the claims parameter must be a JSON object.")
    _check_acr(places[0].get("acr"))
    subs = {
        str(place["sub"]["value"]) for place in places if isinstance(place.get("sub"), dict) and "value" in place["sub"]
    }
    if len(subs) > 1:
        raise _refused(Reason.PARAMETER_MALFORMED, "The claims parameter names two subjects.")
    return tuple(map(str, places[0])), next(iter(subs), "")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which no name stands twice, which would be last-wins, and each is text. Raises ValueError."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    "".join(members).encode()
    return members


def _check_acr(wanted: Any) -> None:
    if not isinstance(wanted, Mapping) or wanted.get("essential") is not True:
        return
    values = wanted.get("values", [wanted["value"]] if "value" in wanted else [ACR])
    if not isinstance(values, list) or ACR not in values:
        raise OAuthError(
            ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
            Reason.ACR_NOT_OFFERED,
            "The authentication context that is required is not on offer.",
        )


def _refused(reason: Reason, description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_REQUEST, reason, description)

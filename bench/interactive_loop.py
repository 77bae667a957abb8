"""Run by interactive_request.py with what is built on its path: somebody signs in again and again.

Five functions live in this one process. What each kind of request costs is written to standard error.
"""

import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any
from urllib.parse import urlencode

from bench.meter import Stopwatch, bare_signature, calls, count_calls, cpu_seconds
from signet import pkce
from signet.authorize.forms import SESSION
from signet.aws.lean.client import LeanClient
from signet.endpoints.table import ENDPOINTS
from signet.people import passwords
from tests.support.built import BUILT
from tests.support.gateway_events import Answer, Event, answer, event, token_event
from tests.support.visitor import Page, Visitor

ROUNDS = 200

CLIENT = "web-application", "a secret of the benchmark"
REDIRECT_URI = "https://app.example.com/cb"
SCOPE = ("openid", "profile", "email")
USERNAME, PASSWORD = "ada", "correct horse battery staple"

_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_AUTHORIZATION_REQUEST = {
    "client_id": CLIENT[0],
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": " ".join(SCOPE),
    "state": "af0ifjsldkj",
    "nonce": "n-0S6_WzA2Mj",
    "code_challenge": pkce.challenge_of(_VERIFIER),
    "code_challenge_method": pkce.METHOD,
}


@dataclass(frozen=True, slots=True)
class Took:
    """CPU seconds of one request, those of it in argon2 and in the SDK, and the operations that it asked of AWS."""

    cpu: float
    argon2: float
    aws: float
    calls: tuple[str, ...]

    @property
    def rest(self) -> float:
        """What is our own."""
        return self.cpu - self.argon2 - self.aws


class Function:
    """A built function in this process; `took` is what its last request took."""

    took: Took

    def __init__(self, logical_id: str, variables: Mapping[str, str], argon2: Stopwatch, aws: Stopwatch) -> None:
        os.environ.update(variables)
        specification = spec_from_file_location(logical_id, BUILT / logical_id / "app.py")
        if specification is None or specification.loader is None:
            raise SystemExit(f"{logical_id} cannot be loaded")
        module = module_from_spec(specification)
        specification.loader.exec_module(module)
        self._handler = module.handler
        self._argon2, self._aws = argon2, aws

    def __call__(self, request: Event) -> Answer:
        """The answer to an event."""
        sent, argon2, aws, start = len(calls), self._argon2.seconds, self._aws.seconds, time.process_time()
        payload = self._handler(request, None)
        cpu = time.process_time() - start
        self.took = Took(cpu, self._argon2.seconds - argon2, self._aws.seconds - aws, tuple(calls[sent:]))
        return answer(payload)


@dataclass(frozen=True, slots=True)
class Service:
    """The functions between the sign-in page and the end of the grant."""

    authorization: Function
    token: Function
    userinfo: Function
    introspection: Function
    revocation: Function

    def round(self) -> dict[str, Took]:
        """What one request of each kind takes; each must succeed."""
        took = {}
        visitor = Visitor(self.authorization)
        self._signed_in(visitor)
        took["sign-in, new device"] = self.authorization.took
        del visitor.cookies[SESSION]
        page = self._signed_in(visitor)
        took["sign-in, known device"] = self.authorization.took
        code = visitor.get(page.location).redirected(REDIRECT_URI)["code"]
        took["authorize"] = self.authorization.took
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": _VERIFIER,
        }
        tokens = _json(self.token(token_event(form, basic=CLIENT)))
        took["code exchange, three tokens"] = self.token.took
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        tokens = _json(self.token(token_event(form, basic=CLIENT)))
        took["refresh, three tokens"] = self.token.took
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        _json(self.userinfo(event("GET", ENDPOINTS["userinfo"].paths[0], headers=bearer)))
        took["userinfo"] = self.userinfo.took
        form = {"token": tokens["access_token"]}
        if not _json(self.introspection(_about_token("introspection", form)))["active"]:
            raise SystemExit("the access token is not active")
        took["introspection"] = self.introspection.took
        if self.revocation(_about_token("revocation", {"token": tokens["refresh_token"]})).status != 200:
            raise SystemExit("the refresh token is not revoked")
        took["revocation"] = self.revocation.took
        return took

    def _signed_in(self, visitor: Visitor) -> Page:
        """The answer to the form of a browser that had no session."""
        form = visitor.get(f"{ENDPOINTS['authorization'].paths[0]}?{urlencode(_AUTHORIZATION_REQUEST)}").form
        page = visitor.post(form.action, {**form.fields, "username": USERNAME, "password": PASSWORD})
        if SESSION not in visitor.cookies:
            raise SystemExit(f"nobody is signed in: {page.answer}")
        return page


def _about_token(endpoint: str, form: Mapping[str, str]) -> Event:
    return token_event(form, basic=CLIENT, path=ENDPOINTS[endpoint].paths[0])


def _json(found: Answer) -> Any:
    if found.status != 200:
        raise SystemExit(str(found))
    return found.json()


def _figures(took: Sequence[Took]) -> dict[str, Any]:
    """Medians, and the calls of most requests: what is remembered for a minute is read anew in some."""
    [(usual, _)] = Counter(one.calls for one in took).most_common(1)
    medians = {name: statistics.median(getattr(one, name) for one in took) for name in ("cpu", "argon2", "aws", "rest")}
    return {**medians, "calls": usual}


def main() -> None:
    """Sign in and use what comes of it, in turn with bare signatures. argv[1] has each function's variables."""
    count_calls()
    argon2, aws = Stopwatch(), Stopwatch()
    passwords.verify = argon2.around(passwords.verify)
    LeanClient._call = aws.around(LeanClient._call)  # type: ignore[method-assign]  # noqa: SLF001 - all that the client does
    functions = {
        logical_id: Function(logical_id, variables, argon2, aws)
        for logical_id, variables in json.loads(sys.argv[1]).items()
    }
    service = Service(**{field.name: functions[f"{field.name.capitalize()}Function"] for field in fields(Service)})
    sign = bare_signature()
    service.round()
    rounds = [(service.round(), cpu_seconds(sign, 5)) for _ in range(ROUNDS)]
    figures = {
        "requests": ROUNDS,
        "signature": statistics.median(signature for _, signature in rounds),
        "by_request": {name: _figures([took[name] for took, _ in rounds]) for name in rounds[0][0]},
    }
    print(json.dumps(figures), file=sys.stderr)


if __name__ == "__main__":
    main()

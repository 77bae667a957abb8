"""Where a request meets its endpoint and every exception becomes an answer."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from signet.endpoints.table import ENDPOINTS, Endpoint
from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.http import HttpRequest, HttpResponse, uncached_json
from signet.ports import Audit

Show = Callable[[OAuthError, HttpRequest], HttpResponse]
"""A page that tells a person of an error."""

_PREFLIGHT = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "3600",
}

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, WWW-Authenticate",
}

Answer = Callable[[HttpRequest], HttpResponse]
"""An endpoint: the answer to one request, or OAuthError."""


class Boundary:
    """Serves the endpoints of one function. No exception passes it; what it says of one repeats nothing received.

    `show` makes the page of an error, for endpoints that people look at; without it the answer is JSON.
    """

    def __init__(self, answers: Mapping[str, Answer], audit: Audit, show: Show | None = None) -> None:
        self._routes = {
            path: (ENDPOINTS[name], answer) for name, answer in answers.items() for path in ENDPOINTS[name].paths
        }
        self._audit = audit
        self._show = show

    def respond(self, request: HttpRequest) -> HttpResponse:
        """The answer, whatever happens."""
        if request.path not in self._routes:
            return uncached_json(404, {"message": "Not Found"})
        endpoint, answer = self._routes[request.path]
        try:
            response = _answered(endpoint, answer, request)
        except OAuthError as error:
            response = self._refused(error, request, endpoint)
        except Exception as error:  # noqa: BLE001 - the boundary: a client never sees a stack trace
            response = self._refused(unexpected(error), request, endpoint)
        return _with_cors(response) if endpoint.public else response

    def _refused(self, error: OAuthError, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        answered = refusal(error, request, self._audit, endpoint=endpoint.name)
        return self._show(error, request) if self._show and request.method != "HEAD" else answered


def refusal(error: OAuthError, request: HttpRequest, audit: Audit, **fields: Any) -> HttpResponse:
    """The error answer of RFC 6749 section 5.2, and its audit line."""
    record_refusal(error, request, audit, **fields)
    members = {"error": str(error.code), "error_description": error.description}
    response = uncached_json(error.status, members, error.headers)
    return replace(response, body="") if request.method == "HEAD" else response


def record_refusal(error: OAuthError, request: HttpRequest, audit: Audit, **fields: Any) -> None:
    """The audit line of a request that was refused, or that failed because we did."""
    audit.record(
        "request_failed" if error.status >= 500 else "request_refused",
        error=str(error.code),
        reason=str(error.reason),
        status=error.status,
        detail=error.detail,
        request_id=request.request_id,
        source_ip=request.source_ip,
        **{**fields, **error.decided},
    )


def _answered(endpoint: Endpoint, answer: Answer, request: HttpRequest) -> HttpResponse:
    """The endpoint's answer to one of its own methods, and the preflight of a page that may read it."""
    if request.method == "OPTIONS" and endpoint.public:
        return HttpResponse(204, {"Access-Control-Allow-Methods": ", ".join(endpoint.methods), **_PREFLIGHT})
    if request.method not in endpoint.methods:
        allowed = ", ".join(endpoint.methods)
        error = invalid_request(
            Reason.METHOD_NOT_ALLOWED, f"The method is not allowed here: take {allowed}.", status=405
        )
        error.headers["Allow"] = allowed
        raise error
    response = answer(request)
    return replace(response, body="") if request.method == "HEAD" else response


def _with_cors(response: HttpResponse) -> HttpResponse:
    """Readable by any page (Fetch standard): nothing here is granted by a cookie."""
    return HttpResponse(response.status, {**response.headers, **_CORS}, response.body, response.cookies)


def unexpected(error: Exception) -> OAuthError:
    """A defect of ours: its type and its places, not its text, which may quote what was received."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    return OAuthError(
        ErrorCode.SERVER_ERROR,
        Reason.UNEXPECTED,
        "The service failed to answer.",
        detail=f"{type(error).__name__} at {places}",
    )

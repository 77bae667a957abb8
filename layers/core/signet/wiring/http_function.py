"""A function behind the HTTP API: event in, payload out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from signet.aws.audit import EmbeddedMetricAudit
from signet.aws.proxy import Event, Payload, http_request, malformed, payload
from signet.endpoints.boundary import Answer, Boundary, Show, refusal
from signet.errors import OAuthError, Reason, unavailable
from signet.ports import Audit
from signet.settings import SettingsInvalid

Handler = Callable[[Event, object], Payload | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """The endpoints that a function serves; `show` where its errors are pages."""

    by_endpoint: Mapping[str, Answer]
    show: Show | None = None


class HttpFunction:
    """The handler of a function behind the HTTP API: event in, payload out, and always an answer.

    `show` makes the page of an error that comes before any endpoint; without it the answer is JSON.
    """

    def __init__(
        self,
        answers: Callable[[Audit], Answers],
        show: Show | None = None,
        audit: EmbeddedMetricAudit | None = None,
    ) -> None:
        self._answers = answers
        self._show = show
        self._audit = audit or EmbeddedMetricAudit()
        self._boundary: Boundary | None = None
        try:
            self._built()
        except OAuthError:
            return  # the settings are at fault: every request says so

    def __call__(self, event: Event, context: object) -> Payload:
        """The payload 2.0 answer to a payload 2.0 event."""
        self._audit.invoked(context)
        try:
            boundary = self._built()
            return payload(boundary.respond(http_request(event)))
        except OAuthError as error:
            request = malformed(event)
            answered = refusal(error, request, self._audit)
            return payload(self._show(error, request) if self._show and request.method != "HEAD" else answered)

    def _built(self) -> Boundary:
        if self._boundary is None:
            try:
                answers = self._answers(self._audit)
                self._boundary = Boundary(answers.by_endpoint, self._audit, answers.show)
            except SettingsInvalid as error:
                raise unavailable(Reason.SETTINGS_INVALID, str(error)) from None
        return self._boundary

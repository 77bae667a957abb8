"""Every flow leaves behind who did what, in lines that an operator can search, and nothing changes without one."""

from typing import Any

import pytest

from signet.errors import ErrorCode, Reason
from signet.grants.table import GRANTS
from tests.support.recorded import Recording

REQUEST = {"request_id"}
PERSON = REQUEST | {"client_id", "sub", "source_ip"}

FIELDS = {
    "token_issued": REQUEST | {"client_id", "grant_type", "sub", "jti"},
    "request_refused": REQUEST | {"endpoint", "error", "reason", "source_ip"},
    "request_failed": REQUEST | {"endpoint", "error", "reason", "source_ip", "status", "detail"},
    "token_revoked": REQUEST | {"client_id", "token_type", "sub", "jti"},
    "token_introspected": REQUEST | {"client_id", "active"},
    "userinfo_read": REQUEST | {"client_id", "sub", "grant_id", "jti"},
    "code_issued": PERSON | {"grant_id"},
    "consent_granted": PERSON | {"scope"},
    "consent_denied": PERSON,
    "login": REQUEST | {"sub", "sid", "source_ip"},  # at an application, with its client_id, or at the account page
    "login_refused": REQUEST | {"reason", "source_ip"},
    "logout": REQUEST | {"sub", "sid", "source_ip"},
    "logout_parameter_refused": REQUEST | {"reason", "source_ip"},
    "consent_revoked": PERSON,
    "form_refused": REQUEST | {"reason", "source_ip"},
    "keys_rotated": {"active_kids", "version_id"},
    "key_withdrawn": {"kid", "state", "active_kids", "version_id"},
    "keys_checked": {"key_age", "overdue"},
    "key_command_refused": {"detail"},
    "rotation_failed": {"step", "version_id", "detail"},
    "rotation_step": {"step", "version_id"},
    "rotation_postponed": {"version_id", "detail"},
    "keys_discarded": {"kms_key_arns", "version_id"},
    "keys_not_discarded": {"version_id", "detail"},
}
"""What is always said of an event that some flow has; a new one is a line here, and a query that finds it."""

RANDOM = {
    "grant_id",
    "grant_ids",
    "jti",
    "request_id",
    "invocation_id",
    "version_id",
    "active_kids",
    "sid",
    "source_ip",
    "detail",
}

TRAIL = {
    "client_credentials": [
        "token_issued client_id=machine grant_type=client_credentials jti scope=read write sub=machine",
        "request_refused client_id=machine endpoint=token error=invalid_client reason=client_secret_wrong status=401",
        "request_refused endpoint=token error=invalid_client reason=client_unknown status=401",
    ],
    "authorization_code": [
        "login_refused client_id=app reason=password_wrong sub=sub-ada",
        "login client_id=app sid sub=sub-ada",
        "consent_granted client_id=app scope=openid sub=sub-ada",
        "code_issued client_id=app grant_id scope=openid sub=sub-ada",
        "token_issued client_id=app grant_id grant_type=authorization_code jti scope=openid sub=sub-ada",
        "userinfo_read client_id=app grant_id jti sub=sub-ada",
        "code_issued client_id=app grant_id scope=openid sub=sub-ada",
        "code_issued client_id=app grant_id scope=openid sub=sub-ada",
        (
            "request_refused client_id=app endpoint=token error=invalid_grant grant_id grant_type=authorization_code "
            "reason=code_replayed status=400 sub=sub-ada"
        ),
        (
            "request_refused client_id=app endpoint=userinfo error=invalid_token grant_id jti reason=grant_revoked "
            "status=401 sub=sub-ada"
        ),
    ],
    "authorization_by_post": [
        "consent_denied client_id=posted sub=sub-posting",
        "request_refused client_id=posted endpoint=authorization error=access_denied reason=consent_denied",
    ],
    "logout": [
        "code_issued client_id=leaving grant_id scope=openid sub=sub-annie",
        "token_issued client_id=leaving grant_id grant_type=authorization_code jti scope=openid sub=sub-annie",
        "logout client_id=leaving grant_ids sid sub=sub-annie",
        (
            "request_refused client_id=leaving endpoint=userinfo error=invalid_token grant_id jti reason=grant_revoked "
            "status=401 sub=sub-annie"
        ),
        "logout_parameter_refused client_id=leaving reason=redirect_uri_not_registered",
        "form_refused client_id=leaving reason=form_expired",
        "logout client_id=leaving sid sub=sub-annie",
    ],
    "refresh_token_replayed": [
        "code_issued client_id=replayed grant_id scope=openid sub=sub-mary",
        "token_issued client_id=replayed grant_id grant_type=authorization_code jti scope=openid sub=sub-mary",
        "token_issued client_id=replayed grant_id grant_type=refresh_token jti scope=openid sub=sub-mary",
        (
            "request_refused client_id=replayed endpoint=token error=invalid_grant grant_id grant_type=refresh_token "
            "reason=refresh_token_replayed status=400 sub=sub-mary"
        ),
    ],
    "access_removed": [
        "code_issued client_id=unlisted grant_id scope=openid sub=sub-emmy",
        "consent_revoked client_id=unlisted sub=sub-emmy",
        (
            "request_refused client_id=unlisted endpoint=token error=invalid_grant grant_id "
            "grant_type=authorization_code reason=consent_revoked status=400 sub=sub-emmy"
        ),
    ],
    "redemption_taken_back": [
        "code_issued client_id=patient grant_id scope=openid sub=sub-radia",
        (
            "request_failed client_id=patient detail endpoint=token error=temporarily_unavailable "
            "grant_type=authorization_code reason=store_unavailable status=503"
        ),
        "token_issued client_id=patient grant_id grant_type=authorization_code jti scope=openid sub=sub-radia",
    ],
}
"""Flows of which each line is told, in order."""


def told(line: dict[str, Any]) -> str:
    """An audit line with what is random in it left out."""
    fields = {name: value for name, value in line.items() if name not in {"event", "level", "message", "service"}}
    left_out = {"request_id", "invocation_id", "source_ip"}
    shown = [name if name in RANDOM else f"{name}={fields[name]}" for name in sorted(fields.keys() - left_out)]
    return " ".join((line["event"], *shown))


@pytest.mark.parametrize("flow", TRAIL)
def test_the_audit_tells_who_did_what(recording: Recording, flow: str) -> None:
    """Each decision of the flow, in order, with whose it was."""
    assert [told(line) for line in recording.lines[flow]] == TRAIL[flow]


def test_every_line_of_every_flow_says_what_its_event_promises(
    recording: Recording, recording_with_kms: Recording
) -> None:
    """A closed vocabulary of events; the fields that queries and investigations rely on; ids of both AWS's logs."""
    for flow, lines in (*recording.lines.items(), *recording_with_kms.lines.items()):
        for line in lines:
            assert line["event"] in FIELDS, flow
            assert FIELDS[line["event"]] | {"invocation_id"} <= line.keys(), (flow, line)


def test_every_event_has_happened(recording: Recording, recording_with_kms: Recording) -> None:
    """A promise about an event that no flow has is tested by nothing."""
    told = (*recording.lines.values(), *recording_with_kms.lines.values())
    assert FIELDS.keys() == {line["event"] for lines in told for line in lines}


def test_reasons_and_errors_are_of_the_closed_vocabularies(recording: Recording) -> None:
    """What is counted and searched for can be looked up."""
    for line in (line for lines in recording.lines.values() for line in lines):
        assert line.get("reason", Reason.UNEXPECTED) in set(Reason)
        assert line.get("error", ErrorCode.SERVER_ERROR) in set(ErrorCode)
        assert line.get("grant_type", "refresh_token") in GRANTS


def test_tokens_of_people_name_their_grant(recording: Recording) -> None:
    """What is to be revoked when it turns out that the wrong one holds it."""
    for line in (line for lines in recording.lines.values() for line in lines):
        if line["event"] == "token_issued" and line["grant_type"] != "client_credentials":
            assert line["grant_id"]


def test_nothing_is_written_without_a_line(recording: Recording) -> None:
    """Whoever changes what is stored is told of, function by function."""
    assert not recording.unexplained


def test_every_metric_has_the_stack_and_at_most_one_other_dimension(recording: Recording) -> None:
    """CloudWatch bills each combination: what a caller chooses is never one of them."""
    for metric in recording.metrics:
        [directive] = metric["_aws"]["CloudWatchMetrics"]
        [names] = directive["Dimensions"]
        assert set(names) - {"service", "reason", "grant_type", "token_type"} == set()
        assert "service" in names
        assert len(names) <= 2

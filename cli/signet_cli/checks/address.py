"""The address that everybody uses: its name in DNS, its certificate, and the clocks on both ends."""

import socket
import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from signet_cli import web
from signet_cli.checks.finding import Finding, Patient, fail, ok, skipped, warn

_RENEWED = 21
"""Days before its end by which ACM has renewed a certificate that it can renew."""

_TOLERATED = 5
"""Seconds by which clocks may differ; verifiers with no leeway refuse a token of a clock that is ahead by more."""

_REFUSED = 300
"""Seconds from which AWS refuses signed requests."""


def dns(patient: Patient) -> Iterator[Finding]:
    """Whether the issuer's name leads somewhere, and to this deployment."""
    host, target = patient.issuer.hostname or "", patient.output("DomainTarget")
    if patient.local:
        yield skipped("DNS", f"{host} is this machine")
        return
    addresses = _addresses(host)
    if not addresses:
        to = f"an alias or CNAME record for {host} that points at {target}" if target else "the record again"
        yield fail("DNS", f"{host} has no address", f"create {to}, and wait for it to spread")
    elif target and addresses.isdisjoint(_addresses(target)):
        yield warn(
            "DNS",
            f"{host} has other addresses than {target}",
            f"point its record at {target}, unless a proxy in between is meant",
        )
    else:
        yield ok("DNS", f"{host} has {len(addresses)} address{'es' if len(addresses) > 1 else ''}")


def _addresses(host: str) -> set[str]:
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return set()


def certificate(patient: Patient) -> Iterator[Finding]:
    """Whether everybody's trust store accepts the certificate, and for how long."""
    host = patient.issuer.hostname or ""
    if patient.local:
        yield skipped("certificate", "this machine is spoken to without TLS")
        return
    try:
        until = _certificate_until(host, patient.issuer.port or 443)
    except ssl.SSLCertVerificationError as error:
        yield fail(
            "certificate",
            f"that of {host} is not accepted: {error.verify_message}",
            "issue one for this name in ACM, in the region of the stack, and deploy with its CertificateArn",
        )
        return
    except OSError as error:
        yield fail("certificate", f"{host} cannot be reached: {error}", "look at DNS, the network and proxy settings")
        return
    days = int((until - patient.clock()) // 86_400)
    if days < _RENEWED:
        yield warn(
            "certificate",
            f"it ends in {days} days and should have been renewed",
            "look at its renewal in ACM: the validation record in DNS must still be there",
        )
    else:
        yield ok("certificate", f"its chain holds, for {days} days")


def _certificate_until(host: str, port: int) -> float:
    """When the certificate ends, its chain verified, in epoch seconds. Raises OSError."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        return float(ssl.cert_time_to_seconds(str((connection.getpeercert() or {})["notAfter"])))


def clocks(patient: Patient) -> Iterator[Finding]:
    """Whether this machine, the service and AWS agree on the time."""
    aws = patient.described.get("date", "")
    service = web.get(f"{patient.stack.issuer}/.well-known/openid-configuration").headers.get("date", "")
    for name, date in (("clock of the service", service), ("clock of AWS", aws)):
        if not date:
            yield skipped(name, "it does not tell the time")
            continue
        seconds = round(patient.clock() - parsedate_to_datetime(date).timestamp())
        if abs(seconds) >= _REFUSED:
            yield fail(name, f"this machine is {_off(seconds)}", "set its clock by NTP: AWS refuses what it signs")
        elif abs(seconds) > _TOLERATED:
            yield warn(name, f"this machine is {_off(seconds)}", "set its clock by NTP, or look again without load")
        else:
            yield ok(name, "this machine agrees within seconds")


def _off(seconds: int) -> str:
    return f"{abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}"

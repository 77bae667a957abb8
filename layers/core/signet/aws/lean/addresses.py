"""Where a service answers: the addresses that the environment gives, else those of AWS's partitions."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PARTITIONS = (
    (re.compile(r"us-gov-[a-z]+-\d+"), "amazonaws.com"),
    (re.compile(r"cn-[a-z]+-\d+"), "amazonaws.com.cn"),
    (re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+"), "amazonaws.com"),
)
"""Regions by their names, and the domain that their services are in."""

_PORTS = {"https": 443, "http": 80}

_TRUE = {"true", "1"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service answers; `authority` is the Host header."""

    host: str
    port: int
    authority: str
    tls: bool


def address(service: str, service_id: str, region: str) -> Address | None:
    """The address of a service, by the variables that every SDK reads; None where botocore has to find it.

    That is an unknown partition, FIPS or dual-stack, a proxy, and an endpoint with a path.
    """
    if any(
        os.environ.get(name, "").lower() in _TRUE for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
    ):
        return None
    url = _configured(service_id)
    if url:
        return _parsed(url)
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return None
    for regions, domain in _PARTITIONS:
        if regions.fullmatch(region):
            host = f"{service}.{region}.{domain}"
            return Address(host, _PORTS["https"], host, tls=True)
    return None


def _configured(service_id: str) -> str:
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return ""
    own = os.environ.get(f"AWS_ENDPOINT_URL_{service_id.upper().replace(' ', '_')}", "")
    return own or os.environ.get("AWS_ENDPOINT_URL", "")


def _parsed(url: str) -> Address | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or parts.path not in {"", "/"} or parts.query or parts.username:
        return None
    if any(character <= " " or character > "~" for character in url):
        return None
    default = _PORTS[parts.scheme]
    bracketed = f"[{host}]" if ":" in host else host
    authority = bracketed if port in {None, default} else f"{bracketed}:{port}"
    return Address(host, port or default, authority, tls=parts.scheme == "https")

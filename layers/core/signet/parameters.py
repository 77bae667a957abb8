"""Request bodies and query strings as single-valued parameters, and the syntax of scope."""

import json
import logging
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from signet.errors import ErrorCode, OAuthError, Reason, invalid_request
from signet.http import HttpRequest

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # its warnings quote what a stranger sent

LONGEST_BODY = 65_536
"""Bytes of a body that is still read."""

SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]{1,256}")
"""One scope of RFC 6749 section 3.3, bounded."""

_MOST_PARAMETERS = 100

LONGEST_TEXT = 2_000
"""Characters of a value that comes back as it went."""

Parameters = dict[str, str]
"""Each name once; an empty value counts as omitted (RFC 6749 section 3.1) and is not there."""


def body_parameters(request: HttpRequest) -> Parameters:
    """Parameters of a form, JSON or multipart body; the media type must be one of the three.

    Raises invalid_request for a body over 64 KiB, an unknown media type, a malformed body or a name that comes twice.
    """
    if len(request.body) > LONGEST_BODY:
        raise invalid_request(Reason.BODY_TOO_LARGE, "The body is larger than 64 KiB.")
    media_type, attributes = _media_type(request.header("content-type"))
    if attributes.get("charset", "utf-8").lower() not in {"utf-8", "us-ascii"}:
        raise _media_type_unknown()
    if media_type == "application/json":
        return single(_json_pairs(request.body))
    boundary = attributes.get("boundary", "")
    if media_type == "multipart/form-data" and boundary:
        return single(_multipart_pairs(request.body, boundary))
    if media_type == "application/x-www-form-urlencoded":
        # curl --form under an explicit form header sends a multipart body and adds its boundary to that header
        if boundary and request.body.lstrip(b"\r\n").startswith(b"--" + boundary.encode("utf-8", "surrogatepass")):
            return single(_multipart_pairs(request.body, boundary))
        return single(_form_pairs(request.body))
    raise _media_type_unknown()


def secret_parameters(request: HttpRequest, names: frozenset[str]) -> Parameters:
    """Parameters of the body, after a look that none of these names stands in the URL, where it would end in logs."""
    if request.query and not names.isdisjoint(query_parameters(request)):
        raise invalid_request(Reason.PARAMETER_IN_QUERY, "Parameters belong in the body, never in the URL.")
    return body_parameters(request)


def required(parameters: Parameters, name: str) -> str:
    """A parameter that must be there. Raises invalid_request."""
    if name not in parameters:
        raise invalid_request(Reason.PARAMETER_MISSING, f"The {name} parameter is missing.")
    return parameters[name]


def query_parameters(request: HttpRequest) -> Parameters:
    """Parameters of the query string, under the same rules."""
    return single(_form_pairs(request.query.encode("utf-8", "surrogatepass")))


def single(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Each parameter once (RFC 6749 section 3.1): a repeated name, empty or not, is refused, never last-wins."""
    parameters: Parameters = {}
    for name, value in pairs:
        if name in parameters:
            raise invalid_request(Reason.PARAMETER_REPEATED, "A parameter is included more than once.")
        if "\x00" in value or not name.isprintable():
            raise _malformed()
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def is_text(value: str) -> bool:
    """Whether it is text of RFC 6749 appendix A.5, bounded: what comes back as it went, in a URL and in a form."""
    return len(value) <= LONGEST_TEXT and value.isascii() and value.isprintable()


def parse_scope(scope: str) -> tuple[str, ...]:
    """The scopes of a `scope` parameter in their order, each once (RFC 6749 section 3.3)."""
    scopes = tuple(dict.fromkeys(scope.split(" ")))
    if not all(map(SCOPE_TOKEN.fullmatch, scopes)):
        raise OAuthError(ErrorCode.INVALID_SCOPE, Reason.SCOPE_MALFORMED, "The scope is malformed.")
    return scopes


def _media_type(content_type: str) -> tuple[str, dict[str, str]]:
    """Media type in lower case and its attributes (RFC 9110 section 8.3.1)."""
    media_type, *rest = content_type.split(";")
    attributes = {}
    for attribute in rest:
        name, separator, value = attribute.strip().partition("=")
        if separator:
            attributes[name.strip().lower()] = value.strip().strip('"')
    return media_type.strip().lower(), attributes


def _form_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:  # UnicodeDecodeError is one
        raise _malformed() from error


def _json_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        # every object comes back as its list of pairs, so that a name that stands twice is still seen
        pairs: Any = json.loads(body.decode(), object_pairs_hook=lambda members: members)
        if not body.lstrip().startswith(b"{") or len(pairs) > _MOST_PARAMETERS:
            raise _no_object()
        return [(name, _json_value(value)) for name, value in pairs]
    except (ValueError, RecursionError) as error:
        raise _no_object() from error


def _json_value(value: object) -> str:
    """A parameter of a JSON body is a string; null counts as omitted."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _no_object()
    value.encode()  # a lone surrogate is no text
    return value


def _multipart_pairs(body: bytes, boundary: str) -> list[tuple[str, str]]:
    """Fields of a multipart/form-data body (RFC 7578); a file is no parameter."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import Field, File, FormParser

    pairs: list[tuple[str, str]] = []
    ended: list[bool] = []

    def on_field(field: Field) -> None:
        pairs.append(((field.field_name or b"").decode(), (field.value or b"").decode()))

    def on_file(file: File) -> None:
        file.close()
        raise _malformed()

    try:
        parser = FormParser(
            "multipart/form-data",
            on_field,
            on_file,
            on_end=lambda: ended.append(True),
            boundary=boundary.encode("utf-8", "surrogatepass"),
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise _malformed() from error
    if not ended or len(pairs) > _MOST_PARAMETERS:
        raise _malformed()
    return pairs


def _malformed(description: str = "The body is malformed.") -> OAuthError:
    return invalid_request(Reason.BODY_MALFORMED, description)


def _no_object() -> OAuthError:
    return _malformed("The body must be one JSON object, and each of its values a string.")


def _media_type_unknown() -> OAuthError:
    return invalid_request(
        Reason.MEDIA_TYPE_UNKNOWN,
        "The Content-Type must be application/x-www-form-urlencoded, application/json or multipart/form-data.",
    )

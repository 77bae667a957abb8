"""The key set of an issuer in another stack, over the network: bounded in time and size, and from nowhere else."""

import ssl
import time
from functools import cached_property
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

from signet.errors import OAuthError, Reason, unavailable
from signet.keys import jwks
from signet.model.key import KeySet

DEADLINE = 3.0
"""Seconds that a fetch may take, from the look-up of the name to the last byte."""

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close"}
"""Not compressed, so that what is counted is what is read; a kept connection would be dead at the next fetch."""


class KeySetFetch:
    """Fetches the JWK Set at `url`. No redirect is followed: it would let the keys come from elsewhere."""

    def __init__(self, url: str, deadline: float = DEADLINE) -> None:
        self._url = urlsplit(url)
        self._deadline = deadline

    def __call__(self) -> KeySet:
        """The key set. Raises OAuthError(temporarily_unavailable) for everything else that may come."""
        outcome: SimpleQueue[KeySet | OAuthError] = SimpleQueue()
        # a socket's time limit starts again with every byte and knows nothing of DNS; the wait below ends in any case
        Thread(target=lambda: outcome.put(self._outcome()), name="key set", daemon=True).start()
        try:
            fetched = outcome.get(timeout=self._deadline)
        except Empty:
            raise _failed("no answer in time") from None
        if isinstance(fetched, OAuthError):
            raise fetched
        return fetched

    def _outcome(self) -> KeySet | OAuthError:
        try:
            return jwks.read(self._document())
        except OAuthError as error:
            return error
        except jwks.KeySetInvalid as error:
            return _failed(str(error))
        except (HTTPException, OSError, ValueError) as error:
            return _failed(type(error).__name__)  # the text may quote what was received

    def _document(self) -> bytes:
        ends = time.monotonic() + self._deadline
        connection = self._connection()
        try:
            connection.request("GET", self._url.path or "/", headers=_HEADERS)
            response = connection.getresponse()
            if response.status != 200:
                raise _failed(f"status {response.status}")
            document = b""
            while piece := response.read1(jwks.LARGEST_KEY_SET + 1):
                document += piece
                if len(document) > jwks.LARGEST_KEY_SET:
                    raise _failed("too large")
                if time.monotonic() > ends:
                    raise _failed("no answer in time")
            return document
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        host, port, timeout = self._url.hostname or "", self._url.port, self._deadline / 2
        # a port always: without one the last group of an IPv6 address would be taken for it
        if self._url.scheme == "https":
            return HTTPSConnection(host, port or HTTPS_PORT, timeout=timeout, context=self._trust)
        return HTTPConnection(host, port or HTTP_PORT, timeout=timeout)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The public authorities, and who SSL_CERT_FILE names: they take a while to load."""
        return ssl.create_default_context()


def _failed(detail: str) -> OAuthError:
    return unavailable(Reason.KEY_SET_UNAVAILABLE, f"key set: {detail}")

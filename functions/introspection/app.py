"""The function `introspection`; see signet.endpoints and signet.wiring."""

from signet.wiring import handler_for

handler = handler_for("introspection")

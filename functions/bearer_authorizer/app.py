"""The authorizer of somebody else's HTTP API, deployed in their stack; see examples/ and signet.wiring."""

from signet.wiring import handler_for

handler = handler_for("bearer_authorizer")

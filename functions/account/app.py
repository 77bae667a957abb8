"""The function `account`; see signet.endpoints and signet.wiring."""

from signet.wiring import handler_for

handler = handler_for("account")

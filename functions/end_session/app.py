"""The function `end_session`; see signet.endpoints and signet.wiring."""

from signet.wiring import handler_for

handler = handler_for("end_session")

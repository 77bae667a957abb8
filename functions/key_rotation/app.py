"""The rotation of the keyring secret; see signet.keys.rotation."""

from signet.wiring import handler_for

handler = handler_for("key_rotation")

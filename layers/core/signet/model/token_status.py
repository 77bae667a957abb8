"""What has become of a token since it was signed."""

from dataclasses import dataclass

from signet.errors import Reason
from signet.model.grant import Grant
from signet.model.user import User


@dataclass(frozen=True, slots=True)
class Status:
    """What is on record of a token: whether it is blacklisted, its grant and its user, None where there is none."""

    blacklisted: bool
    grant: Grant | None = None
    user: User | None = None

    def ended_by(self, *, user_present: bool) -> Reason | None:
        """Why the token no longer counts, None where it does; a client's own token has neither grant nor user."""
        if self.blacklisted:
            return Reason.TOKEN_REVOKED
        if not user_present:
            return None
        if self.grant is None or self.grant.revoked_at is not None:
            return Reason.GRANT_REVOKED
        if self.user is None or self.user.disabled:
            return Reason.USER_DISABLED
        return None

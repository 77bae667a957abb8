"""What a grant hangs on, as it is when its code or refresh token is shown."""

from dataclasses import dataclass

from signet.model.user import Consent, User


@dataclass(frozen=True, slots=True)
class Standing:
    """The user and their consent, None where there is none; and whether the login session was ended.

    `ended_login` is the time of the last login of the session that was, in epoch seconds: what came of that login, or
    of one before, is over. None while it was not, or where the grant does not end with it.
    """

    user: User | None
    consent: Consent | None
    ended_login: int | None = None

    def is_over(self, auth_time: int) -> bool:
        """Whether what came of a login at that time, in epoch seconds, has ended with its session."""
        return self.ended_login is not None and auth_time <= self.ended_login

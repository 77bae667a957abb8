"""Ring keys of any algorithm that cost nothing: made once in a run, handed out one by one."""

from collections.abc import Callable
from functools import cache
from itertools import count

from signet.keys.algorithms import ALGORITHMS
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeyState, RingKey


def supply() -> Callable[[str, int], RingKey]:
    """Keys in the state next, by algorithm and time of creation; each one once."""
    numbers = count()

    def key(alg: str, now: int) -> RingKey:
        jwk = _jwk(alg, next(numbers))
        return RingKey(thumbprint(jwk), alg, KeyState.NEXT, created_at=now, jwk=jwk)

    return key


@cache
def _jwk(alg: str, number: int) -> dict[str, str]:
    # rules of a rotation look into no key: what is shaped like one takes the place of one that takes long to make
    if alg in {"RS256", "PS256"}:
        return {"kty": "RSA", "n": f"{alg}-{number}", "e": "AQAB"}
    return ALGORITHMS[alg].generate()

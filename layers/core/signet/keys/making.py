"""New keys of the ring, here or elsewhere."""

import uuid
from collections import Counter
from collections.abc import Callable

from signet.keys.algorithms import ALGORITHMS
from signet.keys.thumbprint import thumbprint
from signet.model.key import KeyState, RingKey
from signet.ports import KeyService


class KeyMaker:
    """Makes keys in the state next: in `remote` those that it signs by, else, and where it is None, right here."""

    def __init__(self, remote: KeyService | None = None) -> None:
        self._remote = remote

    def named(self, name: str, now: int) -> Callable[[str], RingKey]:
        """Makes the keys of one change, by algorithm. Those elsewhere are told apart by its name and their number.

        A change that is repeated under its name gets the same ones again.
        """
        numbers: Counter[str] = Counter()

        def make(alg: str) -> RingKey:
            numbers[alg] += 1
            if self._remote is None or alg not in self._remote.algs:
                jwk, key_arn = ALGORITHMS[alg].generate(), None
            else:
                key_arn, jwk = self._remote.create(alg, f"{name}-{alg}-{numbers[alg]}")
            return RingKey(thumbprint(jwk), alg, KeyState.NEXT, created_at=now, jwk=jwk, kms_key_arn=key_arn)

        return make

    def __call__(self, alg: str, now: int) -> RingKey:
        """One key of a change without a name."""
        return self.named(str(uuid.uuid4()), now)(alg)

"""The function `token`."""

from collections.abc import Mapping
from functools import cache

from signet.aws import environ, sdk
from signet.aws.grants import DynamoDbGrantStore
from signet.aws.keyring_secret import KeyringSecret
from signet.aws.standings import DynamoDbStandingStore
from signet.endpoints.token import TokenEndpoint
from signet.grants.request import GrantServices
from signet.keys.keyring import RememberedRing, loaded
from signet.model.key import RingKey
from signet.ports import Audit, Signer
from signet.settings import KEYRING_CACHE
from signet.tokens.inspect import RefreshTokenReader
from signet.tokens.issue import Issuer
from signet.wiring import adapters
from signet.wiring.http_function import Answers, Handler, HttpFunction
from signet.wiring.rehearsal import rehearse


def handler() -> Handler:
    """The function's handler."""
    return HttpFunction(_answers)


def _answers(audit: Audit) -> Answers:
    settings, clock = environ.settings(), adapters.clock
    dynamodb, secretsmanager = sdk.sdk_clients("dynamodb", "secretsmanager")
    registry, state = environ.registry_table(), environ.state_table()
    keyring = KeyringSecret(secretsmanager, environ.keyring_secret())
    kms = cache(lambda: sdk.sdk_client("kms"))  # made for the first key that is there: others never pay for it

    def remote(key: RingKey) -> Signer:
        from signet.aws.kms import KmsSigner

        return KmsSigner(kms(), key, ring.forget)

    ring = RememberedRing(lambda: loaded(keyring.current(), remote), KEYRING_CACHE, clock)
    scopes = adapters.scopes(dynamodb, registry)
    services = GrantServices(
        settings=settings,
        clock=clock,
        grants=DynamoDbGrantStore(dynamodb, state),
        standings=DynamoDbStandingStore(dynamodb, registry, state),
        scopes=scopes,
        refresh_token=RefreshTokenReader(settings, ring.public),
    )

    def resources() -> Mapping[str, str]:
        # where only one algorithm signs nobody has a choice, and nothing is read for it
        return scopes().resources if ring.has_choice else {}

    issuer = Issuer(settings, ring.signer, clock, resources=resources)
    authenticate = adapters.client_authentication(dynamodb, registry, state)
    endpoint = TokenEndpoint(services, authenticate, issuer, clock, audit)
    adapters.preload(ring.warm)
    sdk.connect(dynamodb)
    adapters.preload(resources)
    adapters.preload(lambda: rehearse(endpoint))  # last: what it leaves in the processor's caches is still there then
    return Answers({"token": endpoint})

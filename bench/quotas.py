"""What AWS allows an account in a region, as its documentation says: defaults, and which of them can be raised."""

from dataclasses import dataclass

AS_OF = "November 2026"


@dataclass(frozen=True, slots=True)
class Quota:
    """`name`: `most` of what is `counted`; `lifted` says what is done when it is reached; `page` of AWS's says so."""

    name: str
    counted: str
    most: float
    lifted: str
    page: str


ROUTE = Quota(
    "the stage's throttling",
    "requests a second of a route, as deployed",
    200,
    "`ThrottlingRateLimit` and `ThrottlingBurstLimit`",
    "template.yaml",
)
HTTP_API = Quota(
    "API Gateway",
    "requests a second of all APIs (2,500 in some regions)",
    10_000,
    "Service Quotas; beyond what it grants, one stack for each group of clients in accounts of their own",
    "docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
)
CONCURRENCY = Quota(
    "Lambda's concurrency",
    "executions at once, and a tenth of the invocations a second",
    1_000,
    "Service Quotas, into the tens of thousands",
    "docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
SCALING = Quota(
    "Lambda's scaling",
    "environments that a function gains in ten seconds",
    1_000,
    "fixed; `TokenProvisionedConcurrency` stands ready before the crowd comes",
    "docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html",
)
WRITES = Quota(
    "DynamoDB's writes",
    "write units a second of a new table on demand",
    4_000,
    "grows to twice the last peak within half an hour; `WarmThroughput` beforehand",
    "docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
)
READS = Quota("DynamoDB's reads", "read units a second of a new table on demand", 12_000, WRITES.lifted, WRITES.page)
HOT_READS = Quota(
    "a hot item",
    "read units a second of one item",
    3_000,
    "fixed; a longer `CLIENT_CACHE` in settings.py",
    "docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html",
)
SECRET_READS = Quota(
    "Secrets Manager",
    "reads of secrets a second",
    10_000,
    "fixed; environments that start together are spread by Lambda, and read at different times afterwards",
    "docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
)
KMS_RSA = Quota(
    "KMS",
    "signatures a second by RSA keys in KMS",
    1_000,
    "Service Quotas; or keys in the secret, whose signatures have no quota",
    "docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html",
)
KMS_ECC = Quota(
    "KMS", "signatures a second by elliptic keys in KMS (300 in older accounts)", 1_000, KMS_RSA.lifted, KMS_RSA.page
)

"""What AWS asks for what Signet uses: list prices, without free tiers and discounts, in US dollars."""

from dataclasses import dataclass

REGION = "us-east-1"
AS_OF = "November 2026"

MILLION = 1_000_000
MONTH = 730
"""Hours of a month, as AWS's calculator counts them."""


@dataclass(frozen=True, slots=True)
class Price:
    """`usd` for `per` units of what is `counted`; `page` of AWS's says so."""

    counted: str
    usd: float
    per: float
    page: str

    def of(self, units: float) -> float:
        """What so many units cost."""
        return self.usd * units / self.per


_LAMBDA = "aws.amazon.com/lambda/pricing"
_DYNAMODB = "aws.amazon.com/dynamodb/pricing/on-demand"
_CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing"
_KMS = "aws.amazon.com/kms/pricing"

HTTP_API = Price("HTTP API requests", 1.00, MILLION, "aws.amazon.com/api-gateway/pricing")
INVOCATIONS = Price("Lambda invocations", 0.20, MILLION, _LAMBDA)
DURATION = Price("GB-seconds of Lambda on arm64", 0.0000133334, 1, _LAMBDA)
PROVISIONED = Price("GB-seconds of provisioned concurrency on arm64", 0.0000033334, 1, _LAMBDA)
SNAPSHOT = Price("GB-seconds of a cached SnapStart snapshot", 0.0000015046, 1, _LAMBDA)
RESTORE = Price("GB restored from a snapshot", 0.0001397998, 1, _LAMBDA)
READ_UNITS = Price("DynamoDB read request units", 0.125, MILLION, _DYNAMODB)
WRITE_UNITS = Price("DynamoDB write request units", 0.625, MILLION, _DYNAMODB)
STORAGE = Price("GB of a table for a month", 0.25, 1, _DYNAMODB)
RECOVERY = Price("GB with point-in-time recovery for a month", 0.20, 1, _DYNAMODB)
LOGS = Price("GB of logs", 0.50, 1, _CLOUDWATCH)
ALARMS = Price("metrics that alarms look at, for a month", 0.10, 1, _CLOUDWATCH)
DASHBOARDS = Price("dashboards for a month, beyond three", 3.00, 1, _CLOUDWATCH)
METRICS = Price("custom metrics for a month", 0.30, 1, _CLOUDWATCH)
SECRETS = Price("secrets for a month", 0.40, 1, "aws.amazon.com/secrets-manager/pricing")
SECRET_READS = Price("calls of Secrets Manager", 0.05, 10_000, "aws.amazon.com/secrets-manager/pricing")
KMS_KEYS = Price("keys in KMS for a month", 1.00, 1, _KMS)
KMS_RSA = Price("signatures by an RSA 2048 key in KMS", 0.03, 10_000, _KMS)
KMS_ECC = Price("signatures by an elliptic key in KMS", 0.15, 10_000, _KMS)
TRANSFER = Price("GB sent to the internet", 0.09, 1, "aws.amazon.com/ec2/pricing/on-demand")
COGNITO = Price("machine-to-machine tokens of Cognito, first tier", 2.25, 1_000, "aws.amazon.com/cognito/pricing")
COGNITO_CLIENTS = Price("app clients of Cognito for a month", 6.00, 1, "aws.amazon.com/cognito/pricing")

USED = (
    *(HTTP_API, INVOCATIONS, DURATION, READ_UNITS, WRITE_UNITS, LOGS, TRANSFER),
    *(SECRETS, SECRET_READS, STORAGE, RECOVERY, ALARMS, METRICS, DASHBOARDS, KMS_KEYS, KMS_RSA, KMS_ECC),
    *(PROVISIONED, SNAPSHOT, RESTORE, COGNITO, COGNITO_CLIENTS),
)
"""Every price that the tables are computed from."""

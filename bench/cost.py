"""What a deployment costs: idle for a month, and for a million of each request, against what Cognito asks.

Prints the tables of docs/deploying.md, where `make docs` puts them. Prices are in bench/prices.py. How often a request
asks AWS, and how long its log line is, a test holds against the code; its CPU time is what `make bench` measures.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench import prices
from bench.prices import MILLION, MONTH
from signet_cli.local.template import Template
from tests.support.transformed import ORIGIN, ROOT

WHOLE_CORE = 1769
"""Megabytes with which a function has a core of its own."""

CALL, SIGN = 5.0, 12.0
"""Milliseconds assumed for a call of DynamoDB and for a signature by KMS, one after the other."""

PLATFORM_LINES, ACCESS_LINE, OVERHEAD = 420, 430, 26
"""Bytes assumed for Lambda's own lines of an invocation and for API Gateway's, and what CloudWatch adds to each."""

GRANT = 900
"""Bytes of a grant at rest, with its item in the index and DynamoDB's own 100."""

GRANT_DAYS = 31
"""Days that the grant of a refresh token is kept after its last use."""

SIGNING = {"local": None, "KMS, RSA": prices.KMS_RSA, "KMS, ES256": prices.KMS_ECC}


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for once, in so many `invocations`.

    `cpu` is milliseconds of a whole core, all in all; `reads` and `writes` are request units, an index's included, in
    `calls` calls one after the other; `line` is bytes of the audit, `answer` bytes sent, headers included.
    """

    name: str
    invocations: int
    cpu: float
    calls: int
    reads: int
    writes: int
    signatures: int
    line: int
    answer: int
    memory: int = 512

    def milliseconds(self, *, kms: bool) -> int:
        """What is billed, each invocation rounded up."""
        waits = self.calls * CALL + (self.signatures * SIGN if kms else 0)
        return math.ceil(self.cpu * WHOLE_CORE / min(self.memory, WHOLE_CORE) + waits) + self.invocations - 1

    def parts(self, signature: prices.Price | None) -> dict[str, float]:
        """What a million of it costs, by what is paid for."""
        gigabyte_seconds = self.milliseconds(kms=signature is not None) / 1000 * self.memory / 1024
        platform = self.invocations * (PLATFORM_LINES + ACCESS_LINE + 5 * OVERHEAD)
        return {
            "API Gateway": prices.HTTP_API.of(self.invocations * MILLION),
            "Lambda, invocations": prices.INVOCATIONS.of(self.invocations * MILLION),
            "Lambda, duration": prices.DURATION.of(gigabyte_seconds * MILLION),
            "DynamoDB": prices.READ_UNITS.of(self.reads * MILLION) + prices.WRITE_UNITS.of(self.writes * MILLION),
            "logs": prices.LOGS.of((platform + self.line) * MILLION / 1e9),
            "transfer": prices.TRANSFER.of(self.answer * MILLION / 1e9),
            **({"KMS": signature.of(self.signatures * MILLION)} if signature else {}),
        }

    def total(self, signature: prices.Price | None) -> float:
        """What a million of it costs."""
        return sum(self.parts(signature).values())


TOKEN = Work("client_credentials token", 1, 0.5, 0, 0, 0, 1, 600, 1_500)
INTROSPECTION = Work("introspection", 1, 1.2, 1, 3, 0, 0, 450, 700)
USERINFO = Work("userinfo", 1, 1.2, 1, 3, 0, 0, 350, 700)
CODE = Work("code of somebody signed in, exchanged for all three tokens", 2, 5.1, 5, 7, 3, 3, 1_000, 3_600)
REFRESH = Work("refresh, with an ID token", 1, 3.0, 2, 3, 1, 3, 600, 3_600)
SIGN_IN = Work("sign-in on a known device, code and exchange", 4, 29.3, 11, 10, 7, 3, 1_500, 16_000, memory=1024)
DOCUMENT = Work("key set or metadata document", 1, 0.3, 0, 0, 0, 0, 0, 1_800)
WORK = (TOKEN, INTROSPECTION, USERINFO, CODE, REFRESH, SIGN_IN, DOCUMENT)


def main() -> None:
    """Print every table."""
    print("\n\n".join(table() for table in TABLES.values()))


def _million() -> str:
    rows = [
        [work.name, *(f"{work.total(price):,.2f}" for price in SIGNING.values())]
        if work.signatures
        else [work.name, f"{work.total(None):,.2f}", "the same", "the same"]
        for work in WORK
    ]
    cognito = f"{prices.COGNITO.of(MILLION):,.0f}"
    rows.append(["Cognito: client_credentials token, first tier", cognito, "", ""])
    return table(["a million of", *(f"{name}, USD" for name in SIGNING)], rows)


def _of_one_token() -> str:
    parts = TOKEN.parts(None)
    rows = [[name, f"{usd:,.2f}"] for name, usd in parts.items()]
    return table(
        ["a million client_credentials tokens, signed locally", "USD"],
        [*rows, ["**together**", f"**{TOKEN.total(None):,.2f}**"]],
    )


def _idle() -> str:
    rows = [
        ("the secret", prices.SECRETS.of(1)),
        (
            f"the alarms that are always there; metrics that they look at: {watched(always=True)}",
            prices.ALARMS.of(watched(always=True)),
        ),
        (
            f"the other alarms, unless Alarms=Off; metrics that they look at: {watched(always=False)}",
            prices.ALARMS.of(watched(always=False)),
        ),
        ("both tables, all functions, the API, the dashboard (one of three that are free)", 0.0),
    ]
    total = sum(usd for _, usd in rows)
    return table(
        ["an idle month", "USD"],
        [*([name, f"{usd:,.2f}"] for name, usd in rows), ["**together**", f"**{total:,.2f}**"]],
    )


def _beside() -> str:
    seconds = MONTH * 3600
    memory = TOKEN.memory / 1024
    rows = [
        ("keys in KMS: next, active and retiring", prices.KMS_KEYS.of(3)),
        (
            "a custom metric that counted in every hour (one for each reason and each grant type that occurs)",
            prices.METRICS.of(1),
        ),
        (
            "an environment that lives all month, reading the keyring every five minutes",
            prices.SECRET_READS.of(seconds / 300),
        ),
        (
            f"a million grants with refresh tokens, kept {GRANT_DAYS} days",
            (prices.STORAGE.of(1) + prices.RECOVERY.of(1)) * GRANT * MILLION / 1e9 * GRANT_DAYS / 30.4,
        ),
        ("TokenProvisionedConcurrency, each environment of 512 MB", provisioned(memory)),
        ("TokenSnapStart with 512 MB", snapshot(memory)),
        ("TokenSnapStart, a thousand cold starts", prices.RESTORE.of(memory) * 1000),
        ("a dashboard beyond the third of the account", prices.DASHBOARDS.of(1)),
    ]
    return table(["what may come on top, a month", "USD"], [[name, f"{usd:,.2f}"] for name, usd in rows])


def _list_prices() -> str:
    rows = [
        [price.counted, f"{price.usd:.10f}".rstrip("0").rstrip("."), f"{price.per:,.0f}", price.page]
        for price in prices.USED
    ]
    return table([f"list price, {prices.REGION}, {prices.AS_OF}", "USD", "for", "page"], rows)


def provisioned(gigabytes: float) -> float:
    """One environment that is kept warm for a month, in US dollars."""
    return prices.PROVISIONED.of(gigabytes * MONTH * 3600)


def snapshot(gigabytes: float) -> float:
    """One snapshot that is kept for a month, in US dollars."""
    return prices.SNAPSHOT.of(gigabytes * MONTH * 3600)


def watched(*, always: bool) -> int:
    """How many metrics the alarms look at, of those that are always there or of those that `Alarms` makes."""
    resources = Template.read(ROOT / "template.yaml", ORIGIN).document["Resources"].values()
    return sum(_metrics_of(resource) for resource in resources if ("Condition" not in resource) is always)


def _metrics_of(resource: Mapping[str, Any]) -> int:
    if resource["Type"] != "AWS::CloudWatch::Alarm":
        return 0
    return sum("MetricStat" in metric for metric in resource["Properties"].get("Metrics", ())) or 1


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    marks = ["---", *("---:" if _is_number(row) else "---" for row in zip(*(row[1:] for row in rows), strict=True))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in ([*head], marks, *rows))


def _is_number(cells: tuple[str, ...]) -> bool:
    return all(cell.strip("*").replace(",", "").replace(".", "").isdigit() for cell in cells if cell)


TABLES: dict[str, Callable[[], str]] = {
    "cost of a million": _million,
    "cost of a token": _of_one_token,
    "cost of an idle month": _idle,
    "cost beside": _beside,
    "list prices": _list_prices,
}
"""By the name under which `make docs` finds their places."""

if __name__ == "__main__":
    main()

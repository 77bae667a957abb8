"""Where the embedded AWS is and who one is to it; it believes everybody, so these are no secrets."""

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
STACK_NAME = "signet"
DEFAULT_PORT = 8081

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Variables that keep an SDK on this machine: no profile of the developer's reaches a function that runs here."""


def endpoint(port: int) -> str:
    """Return the URL of the embedded AWS at `port`."""
    return f"http://127.0.0.1:{port}"

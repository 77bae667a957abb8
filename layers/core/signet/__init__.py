"""Signet: an OAuth 2.0 and OpenID Connect authorization server for AWS Lambda."""

from signet import dataclass_code

dataclass_code.use()  # before the first of our classes is made

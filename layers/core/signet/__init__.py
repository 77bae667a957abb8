"""Signet: an OAuth 2.0 and OpenID Connect authorization server for AWS Lambda."""

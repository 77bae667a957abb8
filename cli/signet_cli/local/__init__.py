"""Signet on one machine: the functions of template.yaml behind a local gateway, and the AWS they talk to."""

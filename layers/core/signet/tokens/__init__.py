"""Tokens: where they are minted."""

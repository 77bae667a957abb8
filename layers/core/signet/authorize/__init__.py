"""The authorization request: how it is read, and what it still needs."""

"""Signing keys: the ring (next, active, retiring), its rotation, and the set that verifiers fetch."""

"""Frozen values, their fields spelled as the RFCs spell them."""

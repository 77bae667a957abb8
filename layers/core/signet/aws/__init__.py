"""AWS: the only package of the library that speaks to it."""

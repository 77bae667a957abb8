"""Client authentication (RFC 6749 section 2.3): exactly one method, and the registered one."""

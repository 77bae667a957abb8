"""A lean client of the services that speak AWS's JSON protocol: a signed POST on the standard library's HTTP and TLS.

What it does not know it leaves to botocore, as signet.aws.sdk does; docs/decisions/0012 has the figures.
"""

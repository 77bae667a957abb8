"""CPU time of a warm client_credentials request, against one bare RS256 signature, and its calls to AWS."""

from bench.measure import MILLISECONDS
from bench.token_request import TOKEN_REQUEST, rotated_stack
from bench.warm_process import figures
from tests.support.built import BUILT


def main() -> None:
    """Print the figures of one process that serves and signs in turn."""
    with rotated_stack() as stack:
        function = BUILT / "TokenFunction"
        found = figures("warm_loop", TOKEN_REQUEST, function, variables=stack.variables(function.name))
    request, signature = (found[name] * MILLISECONDS for name in ("request", "signature"))
    print(f"A warm client_credentials request, median CPU time over {found['requests']} of them")
    print(f"  one bare RS256 signature  {signature:6.2f} ms")
    print(f"  the whole request         {request:6.2f} ms  {request / signature:5.2f} x the signature")
    print(f"  calls to AWS              {found['warm_calls']:6g}  ({found['cold_calls']} until the first answer)")


if __name__ == "__main__":
    main()

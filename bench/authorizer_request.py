"""CPU time of a warm decision of the bearer authorizer, without and with the look-up of revocations."""

import json

from bench.guarded_api import FUNCTION
from bench.measure import MILLISECONDS
from bench.token_request import TOKEN_REQUEST, rotated_stack
from bench.warm_process import figures
from tests.support.built import BUILT, LambdaProcess
from tests.support.stack import event


def main() -> None:
    """Print the figures of two processes, each beside a bare RS256 verification of the same run."""
    with rotated_stack() as stack:
        with LambdaProcess(BUILT / "TokenFunction", stack.variables("TokenFunction")) as token:
            access_token = json.loads(token.invoke(TOKEN_REQUEST)["body"])["access_token"]
        with LambdaProcess(BUILT / "JwksFunction", stack.variables("JwksFunction")) as documents:
            key_set = documents.invoke(event("GET", "/connect/oauth/jwks"))["body"]
        asked = event("GET", "/orders", {"Authorization": f"Bearer {access_token}"})
        issuer = stack.variables("TokenFunction")["SIGNET_ISSUER"]
        sdk = {name: value for name, value in stack.variables("JwksFunction").items() if name.startswith("AWS_")}
        own = {
            "SIGNET_ISSUER": issuer,
            "SIGNET_AUDIENCE": issuer,
            "SIGNET_ROUTE_SCOPES": '{"ANY /orders": "read"}',
            "POWERTOOLS_SERVICE_NAME": "signet",
            "POWERTOOLS_METRICS_NAMESPACE": "Signet",
        }
        tables = {f"SIGNET_{kind}_TABLE": stack.template.name(f"{kind.title()}Table") for kind in ("REGISTRY", "STATE")}
        argument = {"event": asked, "jwks": key_set}
        for what, variables in (("nothing looked up", own), ("revocations looked up", {**own, **sdk, **tables})):
            found = figures("authorizer_loop", argument, FUNCTION, variables=variables)
            decision, verification = (found[name] * MILLISECONDS for name in ("decision", "verification"))
            print(
                f"A warm decision of the bearer authorizer, {what}: median CPU time over {found['decisions']} of them"
            )
            print(f"  one bare RS256 verification  {verification:6.2f} ms")
            print(
                f"  the whole decision           {decision:6.2f} ms  {decision / verification:5.2f} x the verification"
            )
            print(f"  calls to AWS                 {found['calls']:6g}  ({found['fetches']} fetch of the key set)")


if __name__ == "__main__":
    main()

"""`signet stack`: what CloudFormation says of the deployment."""

from typing import Annotated, Any

import typer

from signet_cli.mistake import Mistake
from signet_cli.stack import Local, Location, Profile, Region, StackName, described, sdk_clients

app = typer.Typer(no_args_is_help=True, help="Show the deployed stack and its outputs.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


@app.command()
def outputs(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", show_default=False, help="One of them: its bare value is printed.")
    ] = None,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the addresses and names that a deployment has given itself.

    Example: ISSUER=$(signet stack outputs Issuer)
    """
    from signet_cli.display import print_json, print_rows

    found = _described(Location(local, stack, profile, region))
    values = {output["OutputKey"]: output for output in found.get("Outputs", ())}
    if name is not None:
        if name not in values:
            raise Mistake(f"there is no output {name}: there are {', '.join(sorted(values)) or 'none'}")
        value = values[name]["OutputValue"]
        print_json({name: value}) if as_json else print(value)
    elif as_json:
        print_json({key: output["OutputValue"] for key, output in values.items()})
    else:
        rows = ((key, output["OutputValue"], output.get("Description", "")) for key, output in values.items())
        print_rows(("output", "value", "description"), rows)


@app.command()
def show(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the state of the stack, when it was changed, and with which parameters it was deployed.

    Example: signet stack show --stack signet-staging --region eu-west-1
    """
    from signet_cli.display import print_json, print_members

    found = _described(Location(local, stack, profile, region))
    changed = found.get("LastUpdatedTime") or found.get("CreationTime")
    members: dict[str, Any] = {
        "stack": found["StackName"],
        "status": found["StackStatus"],
        "created_at": int(found["CreationTime"].timestamp()),
        "changed_at": int(changed.timestamp()) if changed else 0,
        "parameters": {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())},
        "tags": {each["Key"]: each["Value"] for each in found.get("Tags", ())},
    }
    if as_json:
        print_json(members)
        return
    parameters, tags = members.pop("parameters"), members.pop("tags")
    print_members([*members.items(), *parameters.items(), *((f"tag {key}", value) for key, value in tags.items())])


def _described(location: Location) -> dict[str, Any]:
    from signet_cli.aws_failure import aws_failures_told

    with aws_failures_told(location):
        return described(location, sdk_clients(location))

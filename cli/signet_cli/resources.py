"""`signet resources`: what resources ask of the access tokens that are for them."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from signet_cli.mistake import Mistake
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from signet.model.scope import ScopeCatalogue

app = typer.Typer(no_args_is_help=True, help="Say by which algorithm access tokens for a resource are signed.")

Resource = Annotated[
    str, typer.Argument(metavar="RESOURCE", show_default=False, help="The audience, as clients are registered for it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


@app.command(name="set")
def set_resource(
    resource: Resource,
    *,
    access_token_alg: Annotated[
        str, typer.Option(metavar="ALG", show_default=False, help="RS256, PS256, ES256 or EdDSA.")
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Sign access tokens for the resource by that algorithm, whatever their client is registered for.

    RS256 signs until the ring holds a key of it that signs. A token for several resources that do not agree is RS256.

    Example: signet resources set https://api.example.com --access-token-alg ES256
    """
    from signet.model.key import KEY_TYPES
    from signet_cli.metadata_rules import LONGEST_TEXT, holds_control_characters

    if access_token_alg not in KEY_TYPES:
        raise typer.BadParameter(f"must be {' or '.join(KEY_TYPES)}", param_hint="--access-token-alg")
    if not 0 < len(resource) <= LONGEST_TEXT or holds_control_characters(resource):
        raise typer.BadParameter(f"must be 1 to {LONGEST_TEXT} characters in one line", param_hint="RESOURCE")
    _change(Location(local, stack, profile, region, dry_run), lambda present: {**present, resource: access_token_alg})
    _print({resource: access_token_alg}, as_json=as_json)


@app.command(name="list")
def list_resources(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List the resources that have chosen.

    Example: signet resources list --json
    """
    with opened(Location(local, stack, profile, region)) as found:
        resources = dict(found.scopes().load().resources)
    _print(resources, as_json=as_json)


@app.command()
def delete(
    resource: Resource,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Let the client's registration decide again.

    Example: signet resources delete https://api.example.com --dry-run
    """
    from signet_cli.display import print_json, printable

    def without(present: dict[str, str]) -> dict[str, str]:
        if resource not in present:
            raise Mistake(f"{resource} has not chosen: `signet resources list` names those that have")
        return {name: alg for name, alg in present.items() if name != resource}

    _change(Location(local, stack, profile, region, dry_run), without)
    if as_json:
        print_json({"resource": resource, "deleted": not dry_run})
    elif not dry_run:
        print(f"Deleted what was set of {printable(resource)}.")


def _change(location: Location, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    from signet_cli.scopes import replace_catalogue

    def changed(catalogue: "ScopeCatalogue") -> "ScopeCatalogue":
        return replace(catalogue, resources=change(dict(catalogue.resources)), version=catalogue.version + 1)

    with opened(location) as found:
        replace_catalogue(found.scopes(), changed)


def _print(resources: dict[str, str], *, as_json: bool) -> None:
    from signet_cli.display import print_json, print_rows

    rows = sorted(resources.items())
    if as_json:
        print_json([{"resource": resource, "access_token_signed_response_alg": alg} for resource, alg in rows])
    else:
        print_rows(("resource", "access_token_signed_response_alg"), rows)

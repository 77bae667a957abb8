"""`signet scopes`: the catalogue that says what each scope is called, what it opens and where it belongs."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signet_cli.mistake import Mistake
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from signet.model.scope import Scope, ScopeCatalogue
    from signet.ports import ScopeStore

app = typer.Typer(no_args_is_help=True, help="Name, describe and list scopes, and say which claims they open.")

LARGEST_CATALOGUE = 262_144
"""Bytes of the catalogue as JSON; it is one item of a table, which ends at 400 KiB."""

_ATTEMPTS = 5

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="The scope as applications ask for it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


def _each(metavar: str, explained: str) -> Any:
    return typer.Option(metavar=metavar, show_default=False, help=explained)


@app.command(name="set")
def set_scope(
    name: Name,
    *,
    description: Annotated[
        list[str] | None, _each("LANGUAGE=TEXT", "What people are asked to allow, once for each language: en=...")
    ] = None,
    claim: Annotated[list[str] | None, _each("NAME", "A claim of the user that it opens at userinfo.")] = None,
    token_claim: Annotated[
        list[str] | None, _each("NAME", "A claim of the user that it puts into access tokens.")
    ] = None,
    resource: Annotated[str | None, _each("TEXT", "The one audience that it belongs to.")] = None,
    anew: Annotated[bool, typer.Option("--replace", help="Forget what the scope was before.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Add a scope, or change one, standard ones included. What is not named stays as it is; a description by language.

    Lists of claims are replaced as a whole. An application may ask for a scope once it is registered for it.

    Example: signet scopes set orders:read --description "en=See your orders"
    """
    from signet.model.scope import Scope

    options = {"claims": claim, "token_claims": token_claim, "resource": resource}

    def change(before: Scope) -> dict[str, Any]:
        present = _members(Scope(name) if anew else before)
        descriptions = {**present.pop("description", {}), **_descriptions(description)}
        return {**present, "description": descriptions, **{key: value for key, value in options.items() if value}}

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        changed = _set(found.scopes(), name, change)
    _print_scope(changed, as_json=as_json)


@app.command(name="list")
def list_scopes(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List every scope of the catalogue, those of OpenID Connect included.

    Example: signet scopes list
    """
    from signet.model.scope import STANDARD
    from signet_cli.display import print_json, print_rows

    with opened(Location(local, stack, profile, region)) as found:
        own = found.scopes().load().scopes
    scopes = [own.get(name) or STANDARD[name] for name in (*STANDARD, *(name for name in own if name not in STANDARD))]
    if as_json:
        print_json([_members(scope) for scope in scopes])
        return
    print_rows(
        ("name", "description", "claims", "token_claims", "resource"),
        [
            (
                scope.name,
                scope.description.get("en") or next(iter(scope.description.values()), ""),
                " ".join(scope.claims),
                " ".join(scope.token_claims),
                scope.resource or "",
            )
            for scope in scopes
        ],
    )


@app.command()
def show(
    name: Name,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show a scope.

    Example: signet scopes show profile --json
    """
    from signet.model.scope import STANDARD

    with opened(Location(local, stack, profile, region)) as found:
        catalogue = found.scopes().load()
    if name not in {*catalogue.scopes, *STANDARD}:
        raise _unknown(name)
    _print_scope(catalogue.get(name), as_json=as_json)


@app.command()
def delete(
    name: Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Take a scope out of the catalogue. A standard one is again what it was; another opens nothing any more.

    Example: signet scopes delete orders:read --dry-run
    """
    from signet.model.scope import STANDARD
    from signet_cli.display import print_json, printable
    from signet_cli.question import confirmed

    def without(catalogue: "ScopeCatalogue") -> "ScopeCatalogue":
        if name not in catalogue.scopes:
            raise Mistake(f"{name} is a standard scope and as it was") if name in STANDARD else _unknown(name)
        scopes = {key: scope for key, scope in catalogue.scopes.items() if key != name}
        return replace(catalogue, scopes=scopes, version=catalogue.version + 1)

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        scopes = found.scopes()
        without(scopes.load())
        if not (dry_run or yes or confirmed(f"Delete the scope {printable(name)}?")):
            raise Mistake("nothing was deleted: answer y, or take --yes")
        replace_catalogue(scopes, without)
    if as_json:
        print_json({"name": name, "deleted": not dry_run})
    elif dry_run:
        print(f"{printable(name)} would be deleted.")
    else:
        print(f"Deleted {printable(name)}." + (" It is the standard scope again." if name in STANDARD else ""))


def _set(scopes: "ScopeStore", name: str, change: Callable[["Scope"], dict[str, Any]]) -> "Scope":
    from signet_cli.scope_rules import scope

    def with_scope(catalogue: "ScopeCatalogue") -> "ScopeCatalogue":
        changed = scope({**change(catalogue.get(name)), "name": name})
        return replace(catalogue, scopes={**catalogue.scopes, name: changed}, version=catalogue.version + 1)

    return replace_catalogue(scopes, with_scope).get(name)


def replace_catalogue(scopes: "ScopeStore", change: "Callable[[ScopeCatalogue], ScopeCatalogue]") -> "ScopeCatalogue":
    """Make a change, over whatever others change at the same time. Raises Mistake."""
    for _ in range(_ATTEMPTS):
        changed = change(scopes.load())
        size = len(
            json.dumps(
                [_members(scope) for scope in changed.scopes.values()] + [dict(changed.resources)], ensure_ascii=False
            ).encode()
        )
        if size > LARGEST_CATALOGUE:
            raise Mistake(f"the catalogue would be larger than {LARGEST_CATALOGUE // 1024} KiB, nothing was changed")
        if scopes.replace(changed):
            return changed
    raise Mistake("the catalogue is being changed by others all the time, nothing was changed: try again")


def _descriptions(options: list[str] | None) -> dict[str, str]:
    descriptions: dict[str, str] = {}
    for option in options or []:
        language, equals, text = option.partition("=")
        if not equals or not language or language in descriptions:
            raise typer.BadParameter("must be LANGUAGE=TEXT, each language once", param_hint="--description")
        descriptions[language] = text
    return descriptions


def _unknown(name: str) -> Mistake:
    return Mistake(f"there is no scope {name} in the catalogue: `signet scopes list` names them")


def _members(scope: "Scope") -> dict[str, Any]:
    """A scope's members that have a value."""
    candidates: dict[str, Any] = {
        "name": scope.name,
        "description": dict(scope.description),
        "claims": list(scope.claims),
        "token_claims": list(scope.token_claims),
        "resource": scope.resource,
    }
    return {name: value for name, value in candidates.items() if value}


def _print_scope(scope: "Scope", *, as_json: bool) -> None:
    from signet_cli.display import print_json, print_members

    members = _members(scope)
    if as_json:
        print_json(members)
        return
    descriptions = members.pop("description", {})
    print_members([*members.items(), *((f"description {tag}", text) for tag, text in descriptions.items())])

"""`signet clients`: what operators do to registered clients."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from signet.model.client import CLIENT_ID, Client
from signet.settings import CLIENT_CACHE
from signet_cli import metadata_options as options
from signet_cli.mistake import Mistake
from signet_cli.registrar import create_client, rotate_secret, unknown, update_client
from signet_cli.stack import DryRun, Local, Location, Profile, Region, StackName, opened

if TYPE_CHECKING:
    from signet.errors import OAuthError

app = typer.Typer(
    no_args_is_help=True, help="Create, list, show, change and delete clients, and replace their secrets."
)


def _client_id(client_id: str) -> str:
    """What no client can be called is not asked of the registry."""
    if not CLIENT_ID.fullmatch(client_id):
        raise unknown(client_id)
    return client_id


ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID", callback=_client_id, show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on standard output.")]


@app.command()
def create(
    file: options.File = None,
    *,
    name: options.Name = None,
    grant_type: options.GrantTypes = None,
    auth_method: options.AuthMethod = None,
    public: Annotated[
        bool, typer.Option("--public", help="A client that cannot keep a secret: short for --auth-method none.")
    ] = False,
    redirect_uri: options.RedirectUris = None,
    post_logout_redirect_uri: options.PostLogoutRedirectUris = None,
    first_party: options.FirstParty = None,
    pkce: options.Pkce = None,
    scope: options.Scope = None,
    audience: options.Audience = None,
    access_token_lifetime: options.AccessTokenLifetime = None,
    rotate_refresh_tokens: options.RotateRefreshTokens = None,
    refresh_token_lifetime: options.RefreshTokenLifetime = None,
    refresh_token_idle_lifetime: options.RefreshTokenIdleLifetime = None,
    claim: options.Claims = None,
    scope_format: options.ScopeFormat = None,
    id_token_alg: options.IdTokenAlg = None,
    access_token_alg: options.AccessTokenAlg = None,
    client_id: Annotated[
        str | None, typer.Option(metavar="ID", help="An id of your own instead of a random one.")
    ] = None,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Register a client from a JSON file, from options, or from both: options override the file.

    A secret is generated and shown once. A client that brings its own has it in the file as client_secret. Left out,
    the grant type is authorization_code for what has a redirect URI or is public, else client_credentials.

    Example: signet clients create --name "Night jobs" --scope orders:read
    """
    from signet_cli.display import print_json, print_members
    from signet_cli.document import read_document
    from signet_cli.first_request import first_request
    from signet_cli.registration import client_metadata
    from signet_cli.representation import registration_response

    if public and auth_method not in (None, "none"):
        raise typer.BadParameter("--public is --auth-method none: take one of them")
    document = read_document(file) if file else {}
    metadata = client_metadata(
        document
        | options.given(
            client_id=client_id,
            client_name=name,
            grant_types=grant_type,
            token_endpoint_auth_method="none" if public else auth_method,
            redirect_uris=redirect_uri,
            post_logout_redirect_uris=post_logout_redirect_uri,
            first_party=first_party,
            require_pkce=pkce,
            scope=scope,
            audience=audience,
            access_token_lifetime=access_token_lifetime,
            rotate_refresh_tokens=rotate_refresh_tokens,
            refresh_token_lifetime=refresh_token_lifetime,
            refresh_token_idle_lifetime=refresh_token_idle_lifetime,
            claims=options.with_claims(document.get("claims"), claim),
            scope_format=scope_format,
            id_token_signed_response_alg=id_token_alg,
            access_token_signed_response_alg=access_token_alg,
        )
    )
    with opened(Location(local, stack, profile, region)) as found:
        client, client_secret = create_client(found.registry(), metadata, time.time)
    response = registration_response(client, client_secret)
    if as_json:
        print_json(response)
        return
    print_members(response.items())
    print(
        "\nThe secret is not shown again: keep it now."
        if client_secret
        else "\nA public client has no secret: PKCE protects its codes."
    )
    for line in first_request(client, client_secret, found.issuer):
        print(line)


@app.command()
def update(
    client_id: ClientId,
    file: options.File = None,
    *,
    name: options.Name = None,
    grant_type: options.GrantTypes = None,
    auth_method: options.AuthMethod = None,
    redirect_uri: options.RedirectUris = None,
    add_redirect_uri: Annotated[
        list[str] | None, typer.Option(metavar="URI", help="One more of redirect_uris, once for each.")
    ] = None,
    remove_redirect_uri: Annotated[
        list[str] | None, typer.Option(metavar="URI", help="One of redirect_uris less, once for each.")
    ] = None,
    post_logout_redirect_uri: options.PostLogoutRedirectUris = None,
    first_party: options.FirstParty = None,
    pkce: options.Pkce = None,
    scope: options.Scope = None,
    audience: options.Audience = None,
    access_token_lifetime: options.AccessTokenLifetime = None,
    rotate_refresh_tokens: options.RotateRefreshTokens = None,
    refresh_token_lifetime: options.RefreshTokenLifetime = None,
    refresh_token_idle_lifetime: options.RefreshTokenIdleLifetime = None,
    claim: options.Claims = None,
    scope_format: options.ScopeFormat = None,
    id_token_alg: options.IdTokenAlg = None,
    access_token_alg: options.AccessTokenAlg = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Change what the file and the options name of a client, and nothing else.

    A list takes the place of the present one; a claim is set among the others. In the file null takes a member back to
    its default. What `show --json` prints can be edited and given back. Secrets are changed by rotate-secret alone.

    Example: signet clients update night-jobs --scope "orders:read orders:write" --dry-run
    """
    from signet_cli.display import print_json, print_members
    from signet_cli.document import read_document
    from signet_cli.first_request import WITHOUT_PKCE
    from signet_cli.registration import updated
    from signet_cli.representation import described, members

    document = read_document(file) if file else {}
    document |= options.given(
        client_name=name,
        grant_types=grant_type,
        token_endpoint_auth_method=auth_method,
        redirect_uris=redirect_uri,
        post_logout_redirect_uris=post_logout_redirect_uri,
        first_party=first_party,
        require_pkce=pkce,
        scope=scope,
        audience=audience,
        access_token_lifetime=access_token_lifetime,
        rotate_refresh_tokens=rotate_refresh_tokens,
        refresh_token_lifetime=refresh_token_lifetime,
        refresh_token_idle_lifetime=refresh_token_idle_lifetime,
        scope_format=scope_format,
        id_token_signed_response_alg=id_token_alg,
        access_token_signed_response_alg=access_token_alg,
    )
    if not (file or document or claim or add_redirect_uri or remove_redirect_uri):
        raise typer.BadParameter("name what is to change by a FILE or by options")
    if redirect_uri and (add_redirect_uri or remove_redirect_uri):
        raise typer.BadParameter(
            "--redirect-uri names them all: leave out --add-redirect-uri and --remove-redirect-uri"
        )

    def change(client: Client) -> Client:
        claims = options.with_claims(document.get("claims", client.claims), claim)
        redirect_uris = options.with_redirect_uris(
            document.get("redirect_uris", list(client.redirect_uris)), add_redirect_uri, remove_redirect_uri
        )
        return updated(client, document | options.given(claims=claims, redirect_uris=redirect_uris))

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        before, after = update_client(found.registry(), client_id, change)
    if as_json:
        print_json(described(after))
        return
    was, now = members(before), members(after)
    changed = [name for name in was | now if was.get(name) != now.get(name)]
    print_members(now.items())
    if not changed:
        print("\nNothing had to be changed.")
        return
    if dry_run:
        print(f"\nWould be changed: {', '.join(changed)}.")
        return
    print(f"\nChanged: {', '.join(changed)}. What was before may hold for up to {CLIENT_CACHE} s more.")
    if "require_pkce" in changed and not after.require_pkce:
        print(WITHOUT_PKCE)


@app.command(name="list")
def list_clients(
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List every client; one that was created a moment ago may be missing.

    A record that cannot be used is told and left out; the exit code is 1 then.

    Example: signet clients list --json
    """
    from signet_cli.aws_failure import record_told
    from signet_cli.display import print_clients, print_json
    from signet_cli.kept_secrets import living
    from signet_cli.representation import members

    now = time.time()
    broken: list[OAuthError] = []
    with opened(Location(local, stack, profile, region)) as found:
        clients = list(found.registry().list(broken.append))
    if as_json:
        print_json(
            [{**members(client), **({"short_secret": True} if living(client, now) else {})} for client in clients]
        )
    elif clients:
        print_clients(clients, now)
    elif not broken:
        typer.echo("There are no clients yet: `signet clients create` makes one.", err=True)
    if broken:
        raise Mistake(*map(record_told, broken))


@app.command()
def show(
    client_id: ClientId,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show a client, and since when and until when its secrets are accepted.

    Example: signet clients show night-jobs --stack signet-staging
    """
    from signet_cli.display import print_json, print_members, secret_line
    from signet_cli.representation import described, members

    with opened(Location(local, stack, profile, region)) as found:
        client = found.registry().get(client_id, fresh=True)
    if client is None:
        raise unknown(client_id)
    if as_json:
        print_json(described(client))
        return
    now = time.time()
    print_members(
        [*members(client).items(), *(("client_secret", secret_line(secret, now)) for secret in client.client_secrets)]
    )


@app.command()
def delete(
    client_id: ClientId,
    *,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Count what hangs on it, for which the whole state table is read, and stop."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Delete a client. What people have granted it ends: none of its refresh tokens is accepted any more.

    Nor are they by a client that is registered under the same id later.

    Example: signet clients delete night-jobs --dry-run
    """
    from signet_cli.display import print_json, printable
    from signet_cli.held import counted, living_of_client
    from signet_cli.question import confirmed

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        registry = found.registry()
        if dry_run:
            named = _named(registry.get(client_id, fresh=True), client_id)
            number = living_of_client(found, client_id, int(time.time()))
            if as_json:
                print_json({"client_id": client_id, "deleted": False, "grants": number})
            else:
                print(f"{printable(named)} would be deleted, and {counted(number, 'grant')} would end; nothing was.")
            return
        if not yes:
            named = _named(registry.get(client_id, fresh=True), client_id)
            if not confirmed(f"Delete {printable(named)}? Its applications get no more tokens."):
                raise Mistake("nothing was deleted: answer y, or take --yes")
        if not registry.delete(client_id):
            raise unknown(client_id)
    if as_json:
        print_json({"client_id": client_id, "deleted": True})
        return
    print(f"Deleted {printable(client_id)}.")
    print(f"It may be accepted for up to {CLIENT_CACHE} s more; tokens that were issued are valid until they expire.")


@app.command(name="rotate-secret")
def rotate(
    client_id: ClientId,
    *,
    overlap: Annotated[
        int, options.duration("How long the present secret goes on being accepted; at once ended by default.")
    ] = 0,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    local: Local = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Give a client a new secret. The present one ends at once, or after the overlap.

    Example: signet clients rotate-secret night-jobs --overlap 7d
    """
    from signet_cli.display import print_json, print_members, secret_line
    from signet_cli.representation import described, registration_response

    with opened(Location(local, stack, profile, region, dry_run)) as found:
        client, client_secret = rotate_secret(found.registry(), client_id, overlap, time.time)
    if dry_run:
        client_secret = ""  # nobody's, so nobody shall take it for one
    if as_json:
        print_json({**described(client), **registration_response(client, client_secret)})
        return
    now = time.time()
    previous = [("previous secret", secret_line(secret, now)) for secret in client.client_secrets[1:]]
    print_members([("client_id", client.client_id), ("client_secret", client_secret or "a new one"), *previous])
    if dry_run:
        return
    print("\nThe secret is not shown again: keep it now. It is accepted within a second.")
    if not previous:
        print(
            f"Earlier ones may be accepted for up to {CLIENT_CACHE} s more; to have time to change over, use --overlap."
        )


def _named(client: Client | None, client_id: str) -> str:
    """How a client is called in a question."""
    if client is None:
        raise unknown(client_id)
    return f"{client_id} ({client.client_name})" if client.client_name else client_id

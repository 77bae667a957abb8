"""The scope catalogue: what each scope is called, what it opens, where it belongs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signet.model.client import RESERVED_CLAIMS


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope. `description` is a sentence per language tag, for the consent page.

    `claims` are the user's claims that it opens at userinfo (OpenID Connect Core section 5.4); `token_claims` those
    that it puts into access tokens. `resource` is the one audience it belongs to, or None.
    """

    name: str
    description: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    token_claims: tuple[str, ...] = ()
    resource: str | None = None


_PROFILE = (
    "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate"
    " zoneinfo locale updated_at"
)

STANDARD = {
    scope.name: scope
    for scope in (
        Scope("openid", {"en": "Know who you are", "fr": "Savoir qui vous êtes"}),
        Scope(
            "profile",
            {"en": "See your name and profile", "fr": "Voir votre nom et votre profil"},
            tuple(_PROFILE.split()),
        ),
        Scope(
            "email",
            {"en": "See your e-mail address", "fr": "Voir votre adresse électronique"},
            ("email", "email_verified"),
        ),
        Scope("address", {"en": "See your postal address", "fr": "Voir votre adresse postale"}, ("address",)),
        Scope(
            "phone",
            {"en": "See your telephone number", "fr": "Voir votre numéro de téléphone"},
            ("phone_number", "phone_number_verified"),
        ),
        Scope(
            "offline_access",
            {"en": "Keep this access while you are away", "fr": "Garder cet accès en votre absence"},
        ),
    )
}
"""The scopes of OpenID Connect Core sections 5.4 and 11, there unless an operator redefines them."""


@dataclass(frozen=True, slots=True)
class ScopeCatalogue:
    """Operators' scopes by name, over the standard ones. `version` counts the changes made to it.

    `resources`: by what algorithm access tokens for an audience are signed, where its verifiers want a certain one.
    """

    scopes: Mapping[str, Scope] = field(default_factory=dict)
    version: int = 0
    resources: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Scope:
        """The scope of that name; one that nobody has described opens nothing."""
        return self.scopes.get(name) or STANDARD.get(name) or Scope(name)

    def claims(self, scope: Iterable[str], held: Mapping[str, Any]) -> dict[str, Any]:
        """Of the claims held, those that these scopes open at userinfo."""
        return _opened({claim for name in scope for claim in self.get(name).claims}, held)

    def token_claims(self, scope: Iterable[str], held: Mapping[str, Any]) -> dict[str, Any]:
        """Of the claims held, those that these scopes put into an access token."""
        return _opened({claim for name in scope for claim in self.get(name).token_claims}, held)


def _opened(names: set[str], held: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the claims held that have a value; none that the service itself gives a meaning."""
    open_ = names - RESERVED_CLAIMS
    return {name: value for name, value in held.items() if name in open_ and value not in (None, "", [], {})}

"""What a verifier meets, held against the ring: metadata, key set, a signature of each key, caches on the way."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from signet import jwt
from signet.endpoints.table import ENDPOINTS
from signet.settings import KEY_SET_CACHE, KEY_SET_MAX_AGE
from signet_cli import web
from signet_cli.key_function import KeyFunction
from signet_cli.mistake import Mistake

_MAX_AGE = re.compile(r"(?:^|[\s,])(?:s-maxage|max-age)=(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `result` is ok, warning or fault."""

    name: str
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it was served, and for how many seconds a cache may keep it."""

    document: dict[str, Any]
    max_age: int


def checked(issuer: str, keys: KeyFunction, cache: int) -> list[Check]:
    """Every check. `cache` is how many seconds the slowest verifier keeps the key set."""
    described = keys({"command": "describe"})
    origin = issuer.removesuffix("/connect")
    checks = [_metadata(origin + path, issuer, described) for path in ENDPOINTS["metadata"].paths]
    try:
        served = _fetch(origin + ENDPOINTS["jwks"].paths[0])
    except Mistake as error:
        return [*checks, Check("key set", "fault", str(error))]
    by_kid = {key.get("kid"): key for key in served.document.get("keys", ())}
    checks += [_served(by_kid, described), _ring(described)]
    probed = keys({"command": "probe"})
    checks += [*_signatures(by_kid, probed["probes"]), *_in_kms(probed["in_kms"])]
    checks += [_lead(served.max_age, described, cache), _schedule(described)]
    return checks


def _metadata(url: str, issuer: str, described: Mapping[str, Any]) -> Check:
    name = "metadata"
    try:
        document = _fetch(url).document
    except Mistake as error:
        return Check(name, "fault", str(error))
    if document.get("issuer") != issuer:
        return Check(name, "fault", f"{url}: its issuer is {document.get('issuer')}, not {issuer}")
    expected = issuer.removesuffix("/connect") + ENDPOINTS["jwks"].paths[0]
    if document.get("jwks_uri") != expected:
        return Check(name, "fault", f"{url}: its jwks_uri is {document.get('jwks_uri')}, not {expected}")
    signing = {key["alg"] for key in described["keys"] if key["state"] == "active"}
    told = set(document.get("id_token_signing_alg_values_supported", signing))
    if not signing <= told:
        return Check(name, "fault", f"{url} does not tell of {', '.join(sorted(signing - told))}")
    return Check(name, "ok", url)


def _served(served: Mapping[Any, Any], described: Mapping[str, Any]) -> Check:
    """What verifiers get is what is published, member by member."""
    published = {key["kid"]: {**key["jwk"], "alg": key["alg"]} for key in described["key_set"]["keys"]}
    got = {
        kid: {name: value for name, value in key.items() if name not in {"kid", "use"}} for kid, key in served.items()
    }
    if got == published:
        return Check("key set", "ok", f"{len(served)} keys, as published")
    differences = {
        "not served": published.keys() - got.keys(),
        "served, not published": got.keys() - published.keys(),
        "served otherwise than published": {kid for kid in got.keys() & published.keys() if got[kid] != published[kid]},
    }
    told = "; ".join(f"{what}: {', '.join(sorted(map(str, kids)))}" for what, kids in differences.items() if kids)
    wait = KEY_SET_CACHE + KEY_SET_MAX_AGE
    return Check("key set", "fault", f"{told}; after a change caches lag for up to {wait} seconds, try again then")


def _ring(described: Mapping[str, Any]) -> Check:
    """What signs, will sign or has signed is published, and nothing else is."""
    published = {key["kid"]: (key["alg"], key["jwk"]) for key in described["key_set"]["keys"]}
    shown = [key for key in described["keys"] if key["state"] != "verify_only"]
    ring = {key["kid"]: (key["alg"], key["jwk"]) for key in shown}
    if described["fault"]:
        return Check("ring", "fault", described["fault"])
    if ring != published:
        missing, foreign = ring.keys() - published.keys(), published.keys() - ring.keys()
        told = [f"not published: {', '.join(sorted(missing))}"] if missing else []
        told += [f"published and not in the ring: {', '.join(sorted(foreign))}"] if foreign else []
        return Check("ring", "fault", "; ".join(told or ["a key differs from what is published"]) + ": rotate")
    return Check("ring", "ok", ", ".join(f"{key['state']} {key['alg']}" for key in shown))


def _signatures(served: Mapping[Any, Any], probes: Mapping[str, str]) -> Iterator[Check]:
    """A signature of each key that signs or will, made now, verified by what is served."""
    for kid, probe in probes.items():
        key = served.get(kid)
        name = f"signature {key['alg']}" if key else "signature"
        try:
            jwt.verify(probe, typ="probe", key_of={one: (each["alg"], each) for one, each in served.items()}.get)
        except (jwt.JwtInvalid, KeyError) as error:
            yield Check(name, "fault", f"{kid}: {error}")
        else:
            yield Check(name, "ok", kid)


def _in_kms(found: Mapping[str, bool]) -> Iterator[Check]:
    """Of each key in KMS whether it is there, can sign, and is the one of the ring: whose role signs is not ours."""
    for kid, holds in found.items():
        detail = kid if holds else f"{kid} is not there, cannot sign, or is another key"
        yield Check("key in KMS", "ok" if holds else "fault", detail)


def _lead(max_age: int, described: Mapping[str, Any], cache: int) -> Check:
    """Whether a key is published long enough before it signs, by the caches that there really are."""
    needed = cache + KEY_SET_CACHE + max(max_age, KEY_SET_MAX_AGE)
    lead = described["lead"]
    if lead >= needed:
        return Check("lead", "ok", f"{lead} seconds, {needed} are needed")
    return Check(
        "lead",
        "warning",
        f"a key signs after {lead} seconds, and a verifier may know it after {needed} only (it keeps the key set"
        f" {cache}, a cache on the way {max_age}): deploy with VerifierCache="
        f"{needed - KEY_SET_CACHE - KEY_SET_MAX_AGE}",
    )


def _schedule(described: Mapping[str, Any]) -> Check:
    result = "warning" if described["overdue"] else "ok"
    return Check("schedule", result, "overdue" if described["overdue"] else f"every {described['rotation_days']} days")


def _fetch(url: str) -> Fetched:
    """A JSON document as a verifier gets it. Raises Mistake."""
    answer = web.get(url)
    if answer.status != 200:
        raise Mistake(f"{url} answers {answer.status}")
    control = answer.headers.get("cache-control", "")
    return Fetched(answer.json(), max(map(int, _MAX_AGE.findall(control)), default=0))

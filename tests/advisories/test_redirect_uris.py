"""Redirect URIs that must neither be registered nor match (RFC 9700 section 2.1, RFC 8252 sections 7 and 8.3).

The classes are those that broke others: Keycloak CVE-2024-8883, CVE-2026-3872, CVE-2022-3782; fosite CVE-2020-15233
and CVE-2020-15234; Hydra CVE-2019-8400; Spring CVE-2026-22752.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signet.authorize.request import redirect_target
from signet.errors import OAuthError, Reason
from signet.model.client import Client, ClientInvalid
from signet.model.redirect_uri import LONGEST, fault, matches
from signet.pages.destination import redirect_host
from tests.support.fakes import InMemoryClientRegistry

LOOPBACK = ("http://127.0.0.1/cb", "http://127.0.0.1:49152/native/cb?a=b", "http://[::1]/cb", "http://[::1]:9000")

REGISTERED = (
    "https://app.example.com/callback",
    "https://app.example.com:8443/callback?tenant=a&next=%2Fhome",
    *LOOPBACK,
    "http://localhost:3000/cb",
    "com.example.app:/callback",
)

CLIENT = Client("a", "none", ("authorization_code",), redirect_uris=REGISTERED)

NEVER_MATCHING = {
    "nothing": "",
    "another path": "https://app.example.com/other",
    "a path below": "https://app.example.com/callback/x",
    "a path above": "https://app.example.com/",
    "a trailing slash": "https://app.example.com/callback/",
    "an extra query": "https://app.example.com/callback?x=1",
    "an empty query": "https://app.example.com/callback?",
    "a changed query": "https://app.example.com:8443/callback?tenant=b&next=%2Fhome",
    "a query in another order": "https://app.example.com:8443/callback?next=%2Fhome&tenant=a",
    "a query decoded": "https://app.example.com:8443/callback?tenant=a&next=/home",
    "a fragment": "https://app.example.com/callback#x",
    "an empty fragment": "https://app.example.com/callback#",
    "an encoded fragment": "https://app.example.com/callback%23x",
    "user-info": "https://app.example.com@evil.example/callback",
    "user-info before the host": "https://evil.example@app.example.com/callback",
    "user and password": "https://app.example.com:443@evil.example/callback",
    "an empty user": "https://@app.example.com/callback",
    "a look-alike domain": "https://app.exampIe.com/callback",
    "a suffix domain": "https://app.example.com.evil.example/callback",
    "a prefix domain": "https://evilapp.example.com/callback",
    "a parent domain": "https://example.com/callback",
    "a sub-domain": "https://x.app.example.com/callback",
    "a trailing dot": "https://app.example.com./callback",
    "Cyrillic letters": "https://\u0430pp.example.com/callback",
    "full-width letters": "https://\uff41pp.example.com/callback",
    "an ideographic full stop": "https://app\u3002example.com/callback",
    "an invisible letter": "https://app.example.com/call\u200bback",
    "upper case in the host": "https://App.example.com/callback",
    "upper case in the path": "https://app.example.com/Callback",
    "upper case in the scheme": "HTTPS://app.example.com/callback",
    "upper case in an encoding": "https://app.example.com:8443/callback?tenant=a&next=%2fhome",
    "another scheme": "http://app.example.com/callback",
    "no scheme": "//app.example.com/callback",
    "the default port": "https://app.example.com:443/callback",
    "another port": "https://app.example.com:8080/callback",
    "an empty port": "https://app.example.com:/callback",
    "two dots": "https://app.example.com/x/../callback",
    "two dots behind": "https://app.example.com/callback/../evil",
    "two dots and a semicolon": "https://app.example.com/callback/..;/evil",
    "two dots encoded": "https://app.example.com/callback/%2e%2e/evil",
    "two dots encoded twice": "https://app.example.com/callback/%252e%252e/evil",
    "a dot": "https://app.example.com/./callback",
    "two slashes": "https://app.example.com//callback",
    "a path parameter": "https://app.example.com/callback;x=1",
    "an encoded letter": "https://app.example.com/%63allback",
    "an encoded letter in the host": "https://app.example%2ecom/callback",
    "an encoded slash": "https://app.example.com%2Fcallback",
    "an encoded NUL": "https://app.example.com/callback%00",
    "a NUL": "https://app.example.com/callback\0",
    "a back-slash": "https://app.example.com\\callback",
    "a back-slash before an at": "https://evil.example\\@app.example.com/callback",
    "back-slashes for slashes": "https:\\\\app.example.com\\callback",
    "a tab": "https://app.example.com/call\tback",
    "a tab in the scheme": "ht\ttps://app.example.com/callback",
    "a space before": " https://app.example.com/callback",
    "a space behind": "https://app.example.com/callback ",
    "a line break behind": "https://app.example.com/callback\n",
    "a header behind": "https://app.example.com/callback\r\nSet-Cookie: a=b",
    "an encoded line break": "https://app.example.com/callback%0d%0aSet-Cookie:%20a=b",
    "two URIs": "https://app.example.com/callback https://evil.example/",
    "a script": "javascript:alert(1)//https://app.example.com/callback",
    "data": "data:text/html,https://app.example.com/callback",
    "another private scheme": "com.example.app2:/callback",
    "a private scheme in upper case": "com.example.App:/callback",
    "a private scheme with a host": "com.example.app://callback",
    "loopback with another path": "http://127.0.0.1:5000/evil",
    "loopback with a path below": "http://127.0.0.1:5000/cb/x",
    "loopback without its path": "http://127.0.0.1:5000",
    "loopback with a query": "http://127.0.0.1:5000/cb?x=1",
    "loopback without its query": "http://127.0.0.1:5000/native/cb",
    "loopback with a fragment": "http://127.0.0.1:5000/cb#x",
    "loopback as a user": "http://127.0.0.1:1@evil.example/cb",
    "loopback as a user without a password": "http://127.0.0.1@evil.example/cb",
    "loopback behind a user": "http://x@127.0.0.1:5000/cb",
    "loopback before a back-slash": "http://127.0.0.1:5000\\@evil.example/cb",
    "loopback as a sub-domain": "http://127.0.0.1.evil.example/cb",
    "loopback with a trailing dot": "http://127.0.0.1.:5000/cb",
    "loopback by https": "https://127.0.0.1/cb",
    "loopback in upper case": "HTTP://127.0.0.1:5000/cb",
    "loopback's other family": "http://[::1]:5000/native/cb?a=b",
    "loopback by name": "http://localhost/cb",
    "localhost with another port": "http://localhost:3001/cb",
    "localhost by address": "http://127.0.0.1:3000/cb/",
    "another loopback address": "http://127.0.0.2:5000/cb",
    "the address of everything": "http://0.0.0.0:5000/cb",
    "IPv4 shortened": "http://127.1:5000/cb",
    "IPv4 as a number": "http://2130706433:5000/cb",
    "IPv4 in hexadecimal": "http://0x7f.0.0.1:5000/cb",
    "IPv4 in octal": "http://0177.0.0.1:5000/cb",
    "IPv4 in full-width digits": "http://\uff11\uff12\uff17.0.0.1:5000/cb",
    "IPv6 spelled out": "http://[0:0:0:0:0:0:0:1]:5000/cb",
    "IPv6 with zeros": "http://[::0001]:5000/cb",
    "IPv6 with a zone": "http://[::1%25lo]:5000/cb",
    "IPv6 around IPv4": "http://[::ffff:127.0.0.1]:5000/cb",
    "IPv6 without brackets": "http://::1:5000/cb",
    "IPv6's other path": "http://[::1]:5000/evil",
    "port 0": "http://127.0.0.1:0/cb",
    "port 65536": "http://127.0.0.1:65536/cb",
    "port 99999": "http://127.0.0.1:99999/cb",
    "a port of six digits": "http://127.0.0.1:100000/cb",
    "a port with leading zeros": "http://127.0.0.1:00080/cb",
    "an empty loopback port": "http://127.0.0.1:/cb",
    "a negative port": "http://127.0.0.1:-1/cb",
    "a signed port": "http://127.0.0.1:+80/cb",
    "a port with an underscore": "http://127.0.0.1:8_0/cb",
    "a port with a space": "http://127.0.0.1: 80/cb",
    "a port in other digits": "http://127.0.0.1:\uff18\uff10/cb",
    "a port with one other digit": "http://127.0.0.1:8\uff10/cb",
    "a port in Arabic digits": "http://127.0.0.1:\u0668\u0660/cb",
    "two ports": "http://127.0.0.1:80:80/cb",
    "a port by name": "http://127.0.0.1:http/cb",
}


@pytest.mark.parametrize("requested", NEVER_MATCHING.values(), ids=NEVER_MATCHING.keys())
def test_what_is_not_registered_gets_no_redirect(requested: str) -> None:
    """RFC 6749 section 4.1.2.1: the error can only be shown, and there is no target that could carry it."""
    assert not any(matches(registered, requested) for registered in REGISTERED)
    with pytest.raises(OAuthError) as refused:
        redirect_target({"client_id": "a", "redirect_uri": requested}, InMemoryClientRegistry(CLIENT), "https://i")
    assert refused.value.reason is Reason.REDIRECT_URI_NOT_REGISTERED


@pytest.mark.parametrize("registered", REGISTERED)
def test_what_is_registered_gets_its_redirect(registered: str) -> None:
    """Byte for byte as it was registered."""
    parameters = {"client_id": "a", "redirect_uri": registered}
    _, target = redirect_target(parameters, InMemoryClientRegistry(CLIENT), "https://i")
    assert target.redirect_uri == registered


def test_a_request_without_redirect_uri_gets_no_redirect() -> None:
    """Not even where one alone is registered: OpenID Connect Core section 3.1.2.1 has it required."""
    client = Client("a", "none", ("authorization_code",), redirect_uris=REGISTERED[:1])
    with pytest.raises(OAuthError):
        redirect_target({"client_id": "a"}, InMemoryClientRegistry(client), "https://i")


def ported(loopback: str, port: str) -> str:
    """The loopback URI with another port, or with none."""
    scheme, _, rest = loopback.partition("://")
    address = "[::1]" if rest.startswith("[::1]") else "127.0.0.1"
    path = rest.removeprefix(address)
    if path.startswith(":"):
        path = path.lstrip(":0123456789")
    return f"{scheme}://{address}{port}{path}"


@pytest.mark.parametrize("port", ["", ":1", ":80", ":8080", ":65535"])
@pytest.mark.parametrize("registered", LOOPBACK)
def test_a_loopback_address_takes_any_port(registered: str, port: str) -> None:
    """RFC 8252 section 7.3: a native app is given its port by the system."""
    assert matches(registered, ported(registered, port))


def variants(registered: str) -> Iterator[str]:
    """Everything that differs from it in one character."""
    for index, character in enumerate(registered):
        before, after = registered[:index], registered[index + 1 :]
        yield before + after
        yield before + character + character + after
        yield f"{before}%{ord(character):02X}{after}"
        yield f"{before}%25{ord(character):02X}{after}"
        yield before + character.swapcase() + after
        yield from (before + other + after for other in "/\\.@:#?;%* \t\r\n\0\x7f\u3002\uff0f\uff20")
        yield from (before + other + character + after for other in "/\\.@:#?;%* \t\r\n\0\x7f\u200b\u2025\ud800")


@pytest.mark.parametrize("registered", [uri for uri in REGISTERED if uri not in LOOPBACK])
def test_one_character_is_enough_not_to_match(registered: str) -> None:
    """Whichever it is."""
    assert not [uri for uri in variants(registered) if uri != registered and matches(registered, uri)]


def differs_by_port_alone(registered: str, requested: str) -> bool:
    """What RFC 8252 section 7.3 allows, said in another way than the code does: requested is one of these strings."""
    if registered not in LOOPBACK:
        return False
    digits = "".join(filter(str.isdecimal, requested.partition("]")[2] or requested.partition("0.0.1")[2]))
    ports = {digits[:length] for length in range(1, 6)} & POSSIBLE_PORTS
    return requested in {ported(registered, port) for port in ("", *(f":{port}" for port in ports))}


POSSIBLE_PORTS = frozenset(map(str, range(1, 65_536)))


FRAGMENTS = st.sampled_from(
    [
        "",
        "@evil.example",
        "..;/",
        "/../",
        "%2e%2e%2f",
        "%252e",
        "\\",
        "\t",
        "\r\n",
        "#",
        "?x=1",
        ".",
        ":",
        ":80",
        ":0",
        "*",
    ]
) | st.text(max_size=4)


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """A registered URI with something put in the place of a few of its characters."""
    uri = draw(st.sampled_from(REGISTERED))
    at = draw(st.integers(0, len(uri)))
    return uri[:at] + draw(FRAGMENTS) + uri[at + draw(st.integers(0, 6)) :]


PORTED = st.builds(
    lambda uri, port: ported(uri, f":{port}"),
    st.sampled_from(LOOPBACK),
    st.integers(-1, 70_000) | st.from_regex(r"[0-9]{0,6}", fullmatch=True),
)


@settings(max_examples=500)
@given(st.sampled_from(REGISTERED), near_misses() | PORTED | st.sampled_from(REGISTERED) | st.text())
def test_only_the_same_string_matches_or_another_loopback_port(registered: str, requested: str) -> None:
    """Whatever else is sent."""
    allowed = registered == requested or differs_by_port_alone(registered, requested)
    assert matches(registered, requested) == allowed


NEVER_REGISTERED = {
    "nothing": "",
    "a path": "/callback",
    "no scheme": "//app.example.com/callback",
    "no slashes": "https:app.example.com/callback",
    "one slash": "https:/app.example.com/callback",
    "three slashes": "https:///app.example.com/callback",
    "a script": "javascript:alert(1)",
    "a script in mixed case": "JaVaScRiPt:alert(1)",
    "a script with slashes": "javascript://app.example.com/%0aalert(1)",
    "a script behind a space": " javascript:alert(1)",
    "a script behind a control": "\x01javascript:alert(1)",
    "a script with a tab": "java\tscript:alert(1)",
    "a script with a line break": "java\nscript:alert(1)",
    "data": "data:text/html,x",
    "data in mixed case": "Data:text/html;base64,eA==",
    "a file": "file:///etc/passwd",
    "a blob": "blob:https://app.example.com/0",
    "a file system": "filesystem:https://app.example.com/temporary/x",
    "a page's source": "view-source:https://app.example.com/",
    "vbscript": "vbscript:x",
    "about": "about:blank",
    "ftp": "ftp://app.example.com/",
    "a web socket": "wss://app.example.com/",
    "an urn": "urn:ietf:wg:oauth:2.0:oob",
    "a scheme without a dot": "myapp:/callback",
    "a scheme that begins with a digit": "1com.example:/callback",
    "a scheme that ends with a dot": "com.example.:/callback",
    "a private scheme alone": "com.example.app:",
    "http": "http://app.example.com/callback",
    "http in upper case": "HTTP://app.example.com/callback",
    "https in upper case": "HTTPS://app.example.com/callback",
    "http to a look-alike of localhost": "http://localhost.evil.example/callback",
    "http to a sub-domain of localhost": "http://x.localhost/callback",
    "http to localhost as a user": "http://localhost@evil.example/callback",
    "http to loopback as a user": "http://127.0.0.1:1@evil.example/callback",
    "http to a private address": "http://10.0.0.1/callback",
    "http to the metadata address": "http://169.254.169.254/callback",
    "http to another loopback address": "http://127.0.0.2/callback",
    "http to IPv4 as a number": "http://2130706433/callback",
    "http to IPv6 spelled out": "http://[0:0:0:0:0:0:0:1]/callback",
    "http to IPv6 around IPv4": "http://[::ffff:127.0.0.1]/callback",
    "IPv6 with a zone": "http://[::1%25lo]/callback",
    "IPv6 unclosed": "https://[::1/callback",
    "a user": "https://user@app.example.com/callback",
    "a user and a password": "https://user:password@app.example.com/callback",
    "an empty user": "https://@app.example.com/callback",
    "a trailing dot": "https://app.example.com./callback",
    "a trailing dot before a port": "https://app.example.com.:443/callback",
    "an empty label": "https://app..example.com/callback",
    "a wildcard host": "https://*.example.com/callback",
    "an encoded host": "https://app.example%2ecom/callback",
    "an encoded slash in the host": "https://app.example.com%2f.evil.example/callback",
    "an encoded NUL in the host": "https://app.example.com%00.evil.example/callback",
    "a back-slash": "https://app.example.com\\@evil.example/callback",
    "an IDN not in its ASCII form": "https://exämple.com/callback",
    "Cyrillic letters": "https://\u0430pp.example.com/callback",
    "letters that are not ASCII in the path": "https://app.example.com/retour-effectué",
    "port 0": "https://app.example.com:0/callback",
    "port 65536": "https://app.example.com:65536/callback",
    "a port with leading zeros": "http://127.0.0.1:00080/callback",
    "an empty port": "https://app.example.com:/callback",
    "a port by name": "https://app.example.com:https/callback",
    "a fragment": "https://app.example.com/callback#x",
    "an empty fragment": "https://app.example.com/callback#",
    "a fragment of a private scheme": "com.example.app:/callback#x",
    "a space": "https://app.example.com/call back",
    "a tab": "https://app.example.com/call\tback",
    "a line break": "https://app.example.com/callback\n",
    "a header": "https://app.example.com/callback\r\nSet-Cookie: a=b",
    "a NUL": "https://app.example.com/callback\0",
    "a lone surrogate": "https://app.example.com/\ud800",
    "markup": "https://app.example.com/<script>",
    "a quote": 'https://app.example.com/"onload=',
    "half an encoding": "https://app.example.com/100%",
    "no encoding": "https://app.example.com/%zz",
    "two dots": "https://app.example.com/callback/../x",
    "two dots at the end": "https://app.example.com/callback/..",
    "two dots and a semicolon": "https://app.example.com/callback/..;/x",
    "two dots, a semicolon and a parameter": "https://app.example.com/callback/..;a=b/x",
    "two dots encoded": "https://app.example.com/callback/%2e%2E/x",
    "two dots half encoded": "https://app.example.com/callback/.%2e/x",
    "two dots encoded twice": "https://app.example.com/callback/%252e%252e/x",
    "two dots encoded thrice": "https://app.example.com/callback/%25252e%25252e/x",
    "two dots between encoded slashes": "https://app.example.com/callback%2f..%2fx",
    "two dots between encoded back-slashes": "https://app.example.com/callback%5C..%5Cx",
    "a dot alone": "https://app.example.com/./callback",
    "two dots of a private scheme": "com.example.app:/callback/../x",
    "the answer's own code": "https://app.example.com/callback?code=x",
    "the answer's own state": "https://app.example.com/callback?a=b&state=",
    "the answer's own iss, encoded": "https://app.example.com/callback?%69ss=x",
    "an error beforehand": "com.example.app:/callback?error=x",
    "too much": "https://app.example.com/" + "a" * LONGEST,
}


@pytest.mark.parametrize("redirect_uri", NEVER_REGISTERED.values(), ids=NEVER_REGISTERED.keys())
@pytest.mark.parametrize("member", ["redirect_uris", "post_logout_redirect_uris"])
def test_what_could_lead_elsewhere_cannot_be_registered(member: str, redirect_uri: str) -> None:
    """The model itself refuses it, so that a stored record is no way around the registration either."""
    assert fault(redirect_uri)
    uris = {"redirect_uris": (REGISTERED[0],), member: (REGISTERED[0], redirect_uri)}
    with pytest.raises(ClientInvalid) as refused:
        Client("a", "none", ("authorization_code",), **uris)  # type: ignore[arg-type]
    assert refused.value.faults == ((f"{member}[1]", fault(redirect_uri)),)


def test_a_fragment_is_told_as_what_it_is() -> None:
    """RFC 6749 section 3.1.2: the commonest mistake of single-page applications deserves its name."""
    assert fault("https://app.example.com/#/callback") == "must not have a fragment"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        *REGISTERED,
        "https://app.example.com",
        "https://app.example.com?a=b",
        "https://app.example.com/",
        "https://app.example.com/.well-known/callback",
        "https://app.example.com/a..b/c./...?next=../x",
        "https://xn--exmple-cua.com/callback",
        "https://my_app.example.com/callback",
        "https://192.0.2.7/callback",
        "https://[2001:db8::7]:8443/callback",
        "https://localhost/callback",
        "http://localhost",
        "https://app.example.com/caf%C3%A9;v=1/(a)'!*?encode=a&states=b",
        "com.example.MyApp://callback",
        "https://app.example.com/" + "a" * (LONGEST - 24),
    ],
)
def test_what_applications_really_use_can_be_registered(redirect_uri: str) -> None:
    """Web applications, loopback servers, private schemes in the letters of a bundle's name."""
    assert fault(redirect_uri) is None


BEGINNINGS = st.sampled_from(["https://app.example.com", "http://127.0.0.1", "http://[::1]", "com.example.app:", ""])
SIGNS = st.sampled_from([":", "//", "/", "\\", "@", ".", "..", ";", "#", "?", "&", "*", "%", "\t", "\r\n", " ", '"'])
WORDS = st.sampled_from(["https", "HTTP", "javascript", "localhost", ":80", ":0", "%2e", "%25", "a=b", "code=x", "\0"])


@settings(max_examples=500)
@given(st.tuples(BEGINNINGS, st.lists(SIGNS | WORDS, max_size=6).map("".join)).map("".join) | near_misses() | st.text())
def test_what_can_be_registered_leads_where_it_says(redirect_uri: str) -> None:
    """For any reader: one scheme, one host, nothing that a header, a page or a browser would take for more."""
    if fault(redirect_uri) is not None:
        return
    assert redirect_uri.isascii()
    assert redirect_uri.isprintable()
    assert set(redirect_uri).isdisjoint(' "<>\\^`{|}#')
    parts = urlsplit(redirect_uri)
    if parts.scheme in {"http", "https"}:
        assert redirect_uri.startswith(f"{parts.scheme}://{parts.netloc}")
        assert parts.hostname
        assert "@" not in parts.netloc
        assert parts.port != 0
        assert parts.scheme == "https" or parts.hostname in {"127.0.0.1", "::1", "localhost"}
        assert redirect_host(redirect_uri) == parts.netloc
    else:
        assert "." in parts.scheme
        assert redirect_host(redirect_uri) == parts.scheme


def test_a_private_scheme_cannot_be_shown_as_a_trusted_host() -> None:
    """Its authority is whatever the application wrote: a person is told the scheme."""
    assert redirect_host("com.evil.app://bank.example.com/callback") == "com.evil.app"

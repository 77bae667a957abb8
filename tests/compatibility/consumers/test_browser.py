"""The page's oidc-client-ts in a real browser: a page of its own origin, which reaches Signet by CORS."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actors import Person
from tests.compatibility.consumers.conftest import ISSUER, SECTIONS, Register
from tests.support.served import ServedSignet
from tests.support.served_sign_in import PASSWORD, create_person

HEADING = "Browser: oidc-client-ts"
LIBRARIES = Path(__file__).parent / "node_modules"
MODULES = {
    "oidc-client-ts": LIBRARIES / "oidc-client-ts" / "dist" / "esm" / "oidc-client-ts.js",
    "jwt-decode": LIBRARIES / "jwt-decode" / "build" / "esm" / "index.js",
}
_MISSING = "the libraries of tests/compatibility/consumers/package.json are missing: `make browser` installs them"

HTML = """<!doctype html>
<html lang="en">
<title>Single page</title>
<link rel="icon" href="data:,">
<script type="importmap">{importmap}</script>
<button id="sign-in">Sign in</button>
<p id="person"></p>
<script type="module">
const clientId = {client_id}
{script}
</script>
</html>
"""


class _Pages(BaseHTTPRequestHandler):
    """The single page at every path but those of its modules."""

    server: "SinglePage"

    def do_GET(self) -> None:
        module = MODULES.get(self.path.removeprefix("/modules/"))
        body = module.read_bytes() if module else self.server.html.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if module else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        return


class SinglePage(ThreadingHTTPServer):
    """The application on loopback."""

    daemon_threads = True
    html = ""

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def single_page(served: ServedSignet, register: Register) -> Iterator[SinglePage]:
    """The page's script in a page, with the client that the page registers."""
    if not LIBRARIES.is_dir():
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    [client] = register(HEADING)
    with SinglePage(("127.0.0.1", 0), _Pages) as server:
        imports = {name: f"/modules/{name}" for name in MODULES}
        server.html = HTML.format(
            importmap=json.dumps({"imports": imports}),
            client_id=json.dumps(client["client_id"]),
            script=SECTIONS[HEADING].block("js").replace(ISSUER, served.issuer),
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_single_page_signs_a_person_in(page: Page, served: ServedSignet, single_page: SinglePage) -> None:
    """There and back again, and the person's name from userinfo, which the page may read across origins."""
    username = create_person(served, "--claim", "name=Ada Lovelace")
    page.goto(single_page.origin)
    expect(page.locator("#person")).to_have_text("nobody")
    page.get_by_role("button", name="Sign in").click()
    person = Person("", username, PASSWORD)
    person.sign_in(page)
    person.allow(page)
    expect(page.locator("#person")).to_have_text("Ada Lovelace")
    assert page.url == f"{single_page.origin}/"

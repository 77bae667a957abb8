"""A web application that signs people in with Signet, by Authlib and Flask.

To run it:

    ISSUER=http://localhost:8080/connect CLIENT_ID=... CLIENT_SECRET=... python -m tests.support.web_application

Its client is registered with the redirect URI http://127.0.0.1:5000/callback, the post-logout redirect URI
http://127.0.0.1:5000/ and the scope "openid profile email".
Without CLIENT_SECRET it is a public client (`token_endpoint_auth_method` none).
"""

import os
import secrets
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, abort, redirect, render_template_string, request, session, url_for
from werkzeug.wrappers import Response

SCOPE = "openid profile email"

HOME = """<!doctype html>
<html lang="en">
<title>Bookshop</title>
<h1>Bookshop</h1>
{% if token %}
<p>Hello, <b>{{ token.userinfo.name or token.userinfo.sub }}</b>.</p>
<h2>ID token</h2>
<pre id="id-token">{{ token.userinfo | tojson(indent=2) }}</pre>
<p><a href="/userinfo">Ask userinfo</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>
{% else %}
{% if left %}
<p id="left">You are signed out.</p>
{% endif %}
<p><a href="/login">Sign in with Signet</a></p>
{% endif %}
</html>
"""

REFUSED = """<!doctype html>
<html lang="en">
<title>Not signed in</title>
<h1>Not signed in</h1>
<p id="error">{{ error }}</p>
<p>{{ description }} <a href="/">Back</a></p>
</html>
"""


def create_application(
    issuer: str, client_id: str, client_secret: str = "", parameters: dict[str, str] | None = None
) -> Flask:
    """The application. `parameters` go into every authorization request: `scope`, `prompt`, `response_mode` ...

    `application.extensions["tokens"]` holds the token responses by the id in the browser's cookie.
    """
    application = Flask(__name__)
    application.secret_key = secrets.token_bytes(32)
    # Browsers send cookies to every port of a host: beside another application, this one's needs a name of its own.
    application.config["SESSION_COOKIE_NAME"] = f"bookshop-{client_id}"
    if parameters and parameters.get("response_mode") == "form_post":
        # The answer comes as a POST from Signet's site, and only such a cookie goes with it.
        application.config.update(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)
    tokens: dict[str, dict[str, Any]] = application.extensions.setdefault("tokens", {})
    signet = OAuth(application).register(
        "signet",
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_id=client_id,
        client_secret=client_secret or None,
        authorize_params=parameters,
        client_kwargs={
            "scope": SCOPE,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if client_secret else "none",
        },
    )

    @application.get("/")
    def home() -> str:
        left = session.pop("logout_state", "") == request.args.get("state")
        return render_template_string(HOME, token=tokens.get(session.get("id", "")), left=left)

    @application.get("/login")
    def login() -> Response:
        """Send the browser to Signet; `state`, `nonce` and the PKCE verifier stay in this application's cookie."""
        answer: Response = signet.authorize_redirect(url_for("callback", _external=True))
        return answer

    @application.route("/callback", methods=["GET", "POST"])
    def callback() -> Response | tuple[str, int]:
        """Take the code back. Authlib compares `state`, redeems the code, verifies the ID token and its `nonce`."""
        if request.values.get("iss") != issuer:  # RFC 9207: left to the application
            abort(400, "This answer is not from the issuer that was asked.")
        if error := request.values.get("error"):
            description = request.values.get("error_description", "")
            return render_template_string(REFUSED, error=error, description=description), 403
        try:
            token = signet.authorize_access_token()
        except OAuthError as failed:
            return render_template_string(REFUSED, error=failed.error, description=failed.description), 400
        session.clear()
        session["id"] = secrets.token_urlsafe()
        tokens[session["id"]] = token
        return redirect("/")

    @application.get("/userinfo")
    def userinfo() -> dict[str, Any]:
        """What Signet says of the person now, asked with the access token."""
        token = tokens.get(session.get("id", "")) or abort(401)
        return dict(signet.userinfo(token=token))

    @application.post("/logout")
    def logout() -> Response:
        """End this application's own session, then have Signet end the one there (RP-Initiated Logout 1.0)."""
        token = tokens.pop(session.pop("id", ""), {})
        session["logout_state"] = secrets.token_urlsafe()
        asked = {
            "client_id": client_id,
            "post_logout_redirect_uri": url_for("home", _external=True),
            "state": session["logout_state"],
            **({"id_token_hint": token["id_token"]} if token else {}),
        }
        return redirect(f"{signet.load_server_metadata()['end_session_endpoint']}?{urlencode(asked)}", 303)

    return application


if __name__ == "__main__":
    create_application(os.environ["ISSUER"], os.environ["CLIENT_ID"], os.environ.get("CLIENT_SECRET", "")).run(
        "127.0.0.1", int(os.environ.get("PORT", "5000"))
    )

"""`signet serve` as a process: what it says when it cannot start, and that nothing of it is left when it ends."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from botocore.session import Session

from signet_cli.local import embedded
from signet_cli.local.settings import ServeSettings
from signet_cli.mistake import Mistake
from signet_cli.serve import TEMPLATE
from tests.support.served import announcement, end, start_server

Start = Callable[..., tuple["subprocess.Popen[str]", dict[str, str]]]


@pytest.fixture
def start(project: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a server of the project's template, or of another one."""
    started = []

    def run(template: Path | None = None, **environment: str) -> tuple["subprocess.Popen[str]", dict[str, str]]:
        process, variables = start_server(
            template or project / "template.yaml", stderr=tmp_path / "stderr", **environment
        )
        started.append(process)
        return process, variables

    yield run
    for process in started:
        end(process)


def last_words(process: "subprocess.Popen[str]", stderr: Path) -> str:
    """Return what a server that could not start has said, once it has ended with status 1."""
    assert process.wait(30) == 1
    return stderr.read_text()


def children(pid: int) -> set[int]:
    """Return the processes that a process has started."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(child) for child, parent in (line.split() for line in listed.splitlines()) if int(parent) == pid}


def running(pids: set[int]) -> set[int]:
    """Return those of the processes that still run; what only waits to be collected does not."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    states = {int(pid): state for pid, state in (line.split() for line in listed.splitlines())}
    return {pid for pid in pids if not states.get(pid, "Z").startswith("Z")}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ending_leaves_no_process_even_if_a_handler_hangs(start: Start, tmp_path: Path, ending: signal.Signals) -> None:
    """Ctrl-C, a service manager's SIGTERM, and even a SIGKILL that nobody can react to."""
    process, variables = start()
    announcement(process, tmp_path / "stderr")
    echo = f"http://localhost:{variables['PORT']}/echo"

    def hang() -> None:
        with contextlib.suppress(httpx.HTTPError):  # no answer, or that there is none
            httpx.get(echo, params={"hangs": "1"}, timeout=60)

    hanging = threading.Thread(target=hang)
    hanging.start()
    deadline = time.monotonic() + 30
    while len(children(process.pid)) < 2 and time.monotonic() < deadline:  # the embedded AWS and the hanging function
        time.sleep(0.05)
    assert httpx.get(echo, timeout=30).status_code == 200
    started = children(process.pid)
    assert len(started) == 3
    process.send_signal(ending)
    assert process.wait(20) == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
    hanging.join(20)
    while running(started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(started)


def test_server_ends_when_the_embedded_aws_does(start: Start, tmp_path: Path) -> None:
    """Nothing works without it, and what it held is lost: better to say so than to answer 503 for ever."""
    process, _ = start()
    announcement(process, tmp_path / "stderr")
    [aws] = children(process.pid)
    subprocess.run(["kill", "-9", str(aws)], check=True)
    assert last_words(process, tmp_path / "stderr").startswith("error: the embedded AWS has ended by itself")


@pytest.mark.parametrize("variable", ["PORT", "AWS_PORT"])
def test_taken_port_is_one_clear_line(start: Start, tmp_path: Path, variable: str) -> None:
    """It names the port and the variable that chooses another one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process, _ = start(**{variable: str(port)})
        assert last_words(process, tmp_path / "stderr") == (
            f"error: port {port} is taken: set {variable} to another one, or to 0 for any that is free\n"
        )


def test_template_that_does_not_parse_is_one_clear_line(start: Start, tmp_path: Path) -> None:
    """File, line and what is wrong."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("Resources:\n  A: [\n")
    process, _ = start(broken)
    said = last_words(process, tmp_path / "stderr")
    assert said.startswith(f"error: {broken}: line 3: ")
    assert said.count("\n") == 1


def test_first_rotation_that_fails_ends_the_start_with_its_log(start: Start, project: Path, tmp_path: Path) -> None:
    """The function's own log says why."""
    template = project / "template.yaml"
    schedule = """
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: { SecretId: !Ref Secret, RotationLambdaARN: !GetAtt EchoFunction.Arn }
"""
    template.write_text(template.read_text().replace("\nOutputs:", f"{schedule}Outputs:"))
    (project / "functions" / "echo" / "app.py").write_text("def handler(event, context): raise OSError('no luck')")
    process, _ = start(template)
    said = last_words(process, tmp_path / "stderr")
    assert said.splitlines()[-1] == (
        "error: the first rotation of the keyring failed: createSecret: signet-EchoFunction: OSError: no luck"
    )
    assert "echo | Traceback" in said


def test_public_url_is_the_issuers_origin(start: Start, tmp_path: Path) -> None:
    """Behind a TLS proxy the functions name the proxy's address; the gateway stays on this machine."""
    process, variables = start(PUBLIC_URL="https://auth.example.test/")
    printed = announcement(process, tmp_path / "stderr")
    address = f"http://localhost:{variables['PORT']}"
    assert "https://auth.example.test/connect\n" in printed
    assert f"{address}\n" in printed
    answer = httpx.get(f"{address}/echo").json()
    assert answer["environment"]["ISSUER"] == "https://auth.example.test/connect"
    assert answer["event"]["requestContext"]["domainName"] == "auth.example.test"


@pytest.mark.parametrize(
    "environment",
    [
        {"PORT": "eighty"},
        {"AWS_PORT": "65536"},
        {"PORT": "-1"},
        {"PUBLIC_URL": "auth.example.test"},
        {"PUBLIC_URL": "http://auth.example.test"},
        {"PUBLIC_URL": "https://auth.example.test/path"},
        {"PUBLIC_URL": "https://user@auth.example.test"},
        {"PUBLIC_URL": "https://auth.example.test?a"},
        {"PUBLIC_URL": "https://[auth"},
    ],
)
def test_setting_that_is_none_is_named(environment: dict[str, str]) -> None:
    """Before anything is started."""
    [name] = environment
    with pytest.raises(Mistake, match=name):
        ServeSettings.from_environ(environment)


def test_settings_have_the_documented_defaults() -> None:
    """An empty variable is an absent one."""
    assert ServeSettings.from_environ({"PORT": "", "PUBLIC_URL": ""}) == ServeSettings(8080, 8081, None)


def test_keys_may_be_in_the_embedded_kms(start: Start, tmp_path: Path) -> None:
    """The first rotation makes them there, and tokens are signed there, of each kind."""
    process, variables = start(TEMPLATE, SIGNING_BACKEND="kms", SIGNING_ALGORITHMS="RS256,ES256")
    said = announcement(process, tmp_path / "stderr")
    found = re.search(r"Client secret +(\S+)", said)
    assert found
    issuer = f"http://localhost:{variables['PORT']}/connect"
    answer = httpx.post(
        f"{issuer}/oauth/token", auth=("demo", found[1]), data={"grant_type": "client_credentials"}, timeout=30
    )
    token = answer.json()["access_token"]
    keys = httpx.get(f"{issuer}/oauth/jwks", timeout=30).json()["keys"]
    assert sorted(key["alg"] for key in keys) == ["ES256", "ES256", "RS256", "RS256"]
    [key] = [key for key in keys if key["kid"] == jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], audience=issuer)["sub"] == "demo"
    kms = Session().create_client(
        "kms",
        region_name=embedded.REGION,
        endpoint_url=embedded.endpoint(int(variables["AWS_PORT"])),
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    aliases = [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
    assert len([alias for alias in aliases if alias.startswith("alias/signet/")]) == 4
    told = signet_keys(variables, "verify")
    assert [each["result"] for each in told if each["check"] == "key in KMS"] == ["ok"] * 4
    signet_keys(variables, "rotate", "--force", "--yes")
    rotated = signet_keys(variables, "list")["keys"]
    assert sorted((key["alg"], key["state"]) for key in rotated if key.get("kms_key_arn")) == [
        (alg, state) for alg in ("ES256", "RS256") for state in ("active", "next", "retiring")
    ]


def signet_keys(variables: Mapping[str, str], *command: str) -> Any:
    """What the operators' command line says of what is served, which was started with parameters of its own."""
    signet = Path(sys.executable).with_name("signet")
    answer = subprocess.run(
        [signet, "keys", *command, "--local", "--json"],
        env={"PATH": os.environ["PATH"], "AWS_PORT": variables["AWS_PORT"]},
        capture_output=True,
        check=True,
        timeout=120,
    )
    return json.loads(answer.stdout)


@pytest.mark.parametrize(("variable", "value"), [("SIGNING_BACKEND", "hsm"), ("SIGNING_ALGORITHMS", "ES256")])
def test_a_parameter_that_the_template_does_not_take_is_named(
    start: Start, tmp_path: Path, variable: str, value: str
) -> None:
    """As CloudFormation would refuse it."""
    process, _ = start(TEMPLATE, **{variable: value})
    said = last_words(process, tmp_path / "stderr")
    assert variable.title().replace("_", "") in said
    assert value in said

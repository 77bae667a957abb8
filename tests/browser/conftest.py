"""Fixtures of the browser tests: each test has its own person and its own window."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Page

from signet_cli.stack import Location, find_stack
from tests.browser.actors import Application, Operator, Person
from tests.browser.scenes import Stage, bookshop_client, draw_logo
from tests.support.served import ServedSignet

NewApplication = Callable[..., Application]


@pytest.fixture(scope="session")
def operator(served: ServedSignet) -> Operator:
    """An operator of the running instance."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_PORT", served.aws_endpoint.rpartition(":")[2])
        return Operator(find_stack(Location(local=True)))


@pytest.fixture
def alice(operator: Operator) -> Person:
    """A person who has never been here."""
    return operator.create_person()


@pytest.fixture
def new_application(served: ServedSignet, operator: Operator) -> Iterator[NewApplication]:
    """Start web applications, each a client of its own; the options are members of its registration."""
    with ExitStack() as running:

        def started(parameters: dict[str, str] | None = None, **members: Any) -> Application:
            client_id, client_secret = operator.create_client(**members)
            application = Application(served.issuer, client_id, client_secret, **(parameters or {}))
            return running.enter_context(application)

        yield started


@pytest.fixture
def bookshop(new_application: NewApplication) -> Application:
    """A web application that keeps a secret."""
    return new_application()


@pytest.fixture(scope="session")
def martin(operator: Operator) -> Person:
    """The person in the pictures."""
    return operator.create_person("alice.martin")


@pytest.fixture
def stage(page: Page, served: ServedSignet, operator: Operator, martin: Person) -> Stage:
    """A tab for one scene, with a client that nobody has allowed anything yet."""
    draw_logo(page)
    return Stage(page, served.issuer, operator, martin, bookshop_client(operator))

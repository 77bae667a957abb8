"""The consent page and the choice of an account."""

from xml.etree.ElementTree import Element

from signet.pages.views import ClientView, ScopeView
from tests.unit.pages.rendered import CLIENT, FORM, HOST, PAGES, fields, one, parsed, text

PROFILE = ScopeView("profile", "See your name and profile", new=True)
ORDERS = ScopeView("orders:read", "", new=True)
PHONE = ScopeView("phone", "See your telephone number", new=False)


def consent(*scopes: ScopeView, offline: bool = False, locale: str = "en", client: ClientView = CLIENT) -> Element:
    """The page as parsed."""
    return parsed(PAGES.consent(locale, FORM, client, HOST, username="alice", scopes=scopes, offline=offline))


def items(document: Element, path: str = ".//main/ul/li") -> list[str]:
    """The words of a list."""
    return [text(item) for item in document.findall(path)]


def test_what_is_asked_is_said_in_words() -> None:
    """A scope nobody has described is named."""
    assert items(consent(PROFILE, ORDERS)) == ["See your name and profile", "Use the permission orders:read"]
    assert items(consent(ORDERS, locale="fr")) == ["Utiliser l\u2019autorisation orders:read"]


def test_access_in_absence_is_said_in_words() -> None:
    """`offline_access` (OpenID Connect Core section 11)."""
    assert items(consent(PROFILE, offline=True)) == ["See your name and profile", "Keep this access while you are away"]


def test_a_request_without_scopes_still_says_what_it_is_for() -> None:
    """The client learns who it is."""
    assert items(consent()) == ["Know that it is you"]


def test_what_is_new_is_told_apart_from_what_is_allowed_already() -> None:
    """The second can be looked up on the same page."""
    document = consent(PHONE, ORDERS)
    assert text(one(document, ".//h1")) == "Sportlog asks for more access"
    assert items(document) == ["Use the permission orders:read"]
    assert items(document, ".//details/ul/li") == ["See your telephone number"]


def test_being_asked_again_for_what_is_allowed_already_lists_it_in_full() -> None:
    """`prompt=consent`: nothing is new, nothing is hidden."""
    document = consent(PHONE)
    assert text(one(document, ".//h1")) == "Sportlog asks for access"
    assert items(document) == ["See your telephone number"]
    assert document.findall(".//details") == []


def test_allowing_and_denying_are_of_one_dignity() -> None:
    """The two buttons differ in nothing but their words, and neither is chosen beforehand."""
    document = consent(PROFILE)
    deny, allow = document.findall(".//form//button")
    assert (deny.attrib.pop("value"), allow.attrib.pop("value")) == ("deny", "allow")
    assert deny.attrib == allow.attrib
    assert deny.get("autofocus") is None
    assert fields(document)["form"] == "consent"


def test_the_page_says_who_is_signed_in_and_lets_another_in() -> None:
    """The button belongs to the same form, so the same token goes with it."""
    document = consent(PROFILE)
    assert "Signed in as alice" in text(document)
    button = one(document, ".//button[@value='other_account']")
    assert button.get("form") == one(document, ".//form").get("id")
    assert button.get("name") == "decision"


def test_the_client_is_shown_with_all_that_it_registered() -> None:
    """Name, logo, site, policy, terms and where the browser goes next."""
    document = consent(PROFILE)
    assert CLIENT.logo_uri in {image.get("src") for image in document.findall(".//img")}
    links = {text(link): link.get("href") for link in document.findall(".//footer//a")}
    assert links == {
        "Website": CLIENT.client_uri,
        "Privacy policy": CLIENT.policy_uri,
        "Terms of service": CLIENT.tos_uri,
    }
    assert f"Either way you will return to {HOST}." in text(document)


def test_names_in_any_direction_stay_among_themselves() -> None:
    """Name, user and host are each isolated from our own words (Unicode UAX 9)."""
    document = consent(PROFILE, client=ClientView("تطبيق \u202e"))
    assert {text(name) for name in document.findall(".//bdi")} >= {"تطبيق \u202e", "alice", HOST}


def test_the_choice_of_an_account_offers_the_present_one_and_another() -> None:
    """`prompt=select_account`."""
    document = parsed(PAGES.choose_account("en", FORM, CLIENT, HOST, username="alice"))
    assert fields(document)["form"] == "account"
    assert {button.get("value"): text(button) for button in document.findall(".//form//button")} == {
        "current": "Continue as alice",
        "other": "Use another account",
    }
    assert {button.get("name") for button in document.findall(".//form//button")} == {"account"}

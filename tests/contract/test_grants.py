"""ports.GrantStore, in memory and on DynamoDB."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from signet.aws.grants import DynamoDbGrantStore
from signet.errors import OAuthError, Reason
from signet.model.grant import Code, Grant, Redemption, Turn, new_grant_id
from signet.ports import GrantStore
from tests.support.embedded_tables import Tables, at_once
from tests.support.people_fakes import InMemoryGrantStore

CODE = Code.new(new_grant_id())
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

GRANT = Grant(
    grant_id=CODE.grant_id,
    client_id="app",
    sub="alice",
    redirect_uri="https://app.example.com/cb",
    scope=("openid", "email"),
    auth_time=90,
    code_digest=CODE.digest(),
    code_expires_at=160,
    expires_at=700,
    created_at=100,
    acr="acr",
    amr=("pwd",),
    sid="s1",
    nonce="n",
    code_challenge=CHALLENGE,
    audience=("https://api",),
    claims={"userinfo": {"given_name": {"essential": True}, "nickname": None}, "id_token": ["auth_time"]},
)
REDEMPTION = Redemption(CODE, "app", "https://app.example.com/cb", CHALLENGE, "r1", now=110, expires_at=9_000)
REDEEMED = replace(GRANT, redeemed_at=110, redeemed_by="r1", generation=0, expires_at=9_000)
TURN = Turn(GRANT.grant_id, "app", generation=0, request_id="r2", now=200, expires_at=9_500, grace=10)
TURNED = replace(REDEEMED, generation=1, rotated_at=200, rotated_by="r2", expires_at=9_500)


@pytest.fixture(params=["memory", "dynamodb"])
def grants(request: pytest.FixtureRequest) -> GrantStore:
    """One grant, its code not redeemed."""
    if request.param == "memory":
        store: GrantStore = InMemoryGrantStore()
    else:
        tables: Tables = request.getfixturevalue("tables")
        store = DynamoDbGrantStore(tables.dynamodb, tables.state)
    store.create(GRANT)
    return store


def test_a_grant_comes_back_as_stored(grants: GrantStore) -> None:
    """Whole, null members of what was asked for included (OpenID Connect Core section 5.5.1)."""
    assert grants.get(GRANT.grant_id, 110) == GRANT
    assert grants.get("other", 110) is None


def test_a_minimal_grant_comes_back_as_stored(grants: GrantStore) -> None:
    """Without a scope, a nonce, a challenge or anything else that may be missing."""
    minimal = Grant("g2", "app", "alice", "https://app", (), 1, "d", 2, 3, 1)
    grants.create(minimal)
    assert grants.get("g2", 2) == minimal


def test_a_grant_id_that_is_taken_is_not_overwritten(grants: GrantStore) -> None:
    """Nobody's grant turns into another's."""
    with pytest.raises(OAuthError) as raised:
        grants.create(replace(GRANT, sub="mallory"))
    assert raised.value.status == 503
    assert grants.get(GRANT.grant_id, 110) == GRANT


def test_a_grant_past_its_end_is_not_there(grants: GrantStore) -> None:
    """Though nothing has deleted it."""
    assert grants.get(GRANT.grant_id, 699) == GRANT
    assert grants.get(GRANT.grant_id, 700) is None


def test_a_code_is_redeemed(grants: GrantStore) -> None:
    """And the record lives on as long as the redemption says."""
    assert grants.redeem(REDEMPTION) == (REDEEMED, None)
    assert grants.get(GRANT.grant_id, 8_999) == REDEEMED


REFUSED: list[tuple[dict[str, Any], Reason]] = [
    ({"code": Code(CODE.grant_id, "x" * 43)}, Reason.CODE_UNKNOWN),
    ({"client_id": "other"}, Reason.CODE_OF_ANOTHER_CLIENT),
    ({"client_id": ""}, Reason.CODE_OF_ANOTHER_CLIENT),
    ({"redirect_uri": "https://app.example.com/cb/"}, Reason.REDIRECT_URI_DIFFERS),
    ({"redirect_uri": ""}, Reason.REDIRECT_URI_DIFFERS),
    ({"code_challenge": "x" * 43}, Reason.CODE_VERIFIER_WRONG),
    ({"code_challenge": ""}, Reason.CODE_VERIFIER_WRONG),
    ({"now": 160}, Reason.CODE_EXPIRED),
    ({"now": 5_000}, Reason.CODE_EXPIRED),
]


@pytest.mark.parametrize(("different", "reason"), REFUSED)
def test_what_is_refused_does_not_burn_the_code(grants: GrantStore, different: dict[str, Any], reason: Reason) -> None:
    """A stranger cannot use it up, and its owner still can."""
    assert grants.redeem(replace(REDEMPTION, **different)) == (GRANT, reason)
    assert grants.get(GRANT.grant_id, 110) == GRANT
    assert grants.redeem(REDEMPTION) == (REDEEMED, None)


def test_an_unknown_grant_redeems_nothing(grants: GrantStore) -> None:
    """Nor does the attempt make one."""
    unknown = replace(REDEMPTION, code=Code.new(new_grant_id()))
    assert grants.redeem(unknown) == (None, Reason.CODE_UNKNOWN)
    assert grants.get(unknown.code.grant_id, 110) is None


def test_a_grant_without_a_challenge_is_redeemed_without_a_verifier_only(grants: GrantStore) -> None:
    """A verifier where there is no challenge is a downgrade (RFC 9700 section 2.1.1)."""
    code = Code.new(new_grant_id())
    grants.create(replace(GRANT, grant_id=code.grant_id, code_digest=code.digest(), code_challenge=""))
    assert grants.redeem(replace(REDEMPTION, code=code))[1] is Reason.CODE_VERIFIER_WRONG
    assert grants.redeem(replace(REDEMPTION, code=code, code_challenge=""))[1] is None


def test_a_code_used_twice_is_told_as_replay(grants: GrantStore) -> None:
    """With the grant, for the caller to revoke (RFC 6749 section 4.1.2); whatever else its client got wrong."""
    grants.redeem(REDEMPTION)
    for different in ({}, {"redirect_uri": "https://x"}, {"code_challenge": ""}, {"now": 5_000}):
        again = replace(REDEMPTION, request_id="r2", **different)
        assert grants.redeem(again) == (REDEEMED, Reason.CODE_REPLAYED)
    stolen = replace(REDEMPTION, request_id="r2", client_id="other")
    assert grants.redeem(stolen) == (REDEEMED, Reason.CODE_OF_ANOTHER_CLIENT)


def test_the_same_request_redeems_its_own_code_again(grants: GrantStore) -> None:
    """The SDK repeats a write whose answer was lost."""
    assert grants.redeem(REDEMPTION) == (REDEEMED, None)
    assert grants.redeem(REDEMPTION) == (REDEEMED, None)


def test_a_redemption_that_came_to_nothing_is_taken_back(grants: GrantStore) -> None:
    """The code is as good as before, once."""
    grants.redeem(REDEMPTION)
    grants.release(REDEMPTION)
    assert grants.get(GRANT.grant_id, 110) == replace(GRANT, expires_at=REDEMPTION.expires_at)
    again = replace(REDEMPTION, request_id="r2")
    assert grants.redeem(again) == (replace(REDEEMED, redeemed_by="r2"), None)
    assert grants.redeem(REDEMPTION)[1] is Reason.CODE_REPLAYED


def test_only_the_request_that_redeemed_can_take_it_back(grants: GrantStore) -> None:
    """And not once the code was seen again, nor where there is nothing."""
    grants.release(REDEMPTION)
    assert grants.get(GRANT.grant_id, 110) == GRANT
    grants.release(replace(REDEMPTION, code=Code.new("gone")))
    assert grants.get("gone", 0) is None
    grants.redeem(REDEMPTION)
    grants.release(replace(REDEMPTION, request_id="r2"))
    assert grants.get(GRANT.grant_id, 110) == REDEEMED
    grants.revoke(GRANT.grant_id, 111)
    grants.release(REDEMPTION)
    assert grants.get(GRANT.grant_id, 112) == replace(REDEEMED, revoked_at=111)


def test_a_revoked_grant_redeems_nothing(grants: GrantStore) -> None:
    """Not even for the request that had redeemed it."""
    grants.revoke(GRANT.grant_id, 105)
    assert grants.redeem(REDEMPTION) == (replace(GRANT, revoked_at=105), Reason.GRANT_REVOKED)


def test_a_redeemed_grant_can_be_revoked_once_and_for_all(grants: GrantStore) -> None:
    """The first moment stays."""
    grants.redeem(REDEMPTION)
    grants.revoke(GRANT.grant_id, 120)
    grants.revoke(GRANT.grant_id, 130)
    assert grants.get(GRANT.grant_id, 140) == replace(REDEEMED, revoked_at=120)
    assert grants.redeem(REDEMPTION)[1] is Reason.GRANT_REVOKED


def test_a_code_that_was_used_and_refused_is_never_given_back(grants: GrantStore) -> None:
    """As its user had taken the consent back: neither to the request that used it nor to another."""
    grants.redeem(REDEMPTION)
    grants.revoke(GRANT.grant_id, 110)
    grants.release(REDEMPTION)
    for request_id in ("r1", "r2"):
        again = replace(REDEMPTION, request_id=request_id)
        assert grants.redeem(again)[1] in {Reason.GRANT_REVOKED, Reason.CODE_REPLAYED}
    assert grants.get(GRANT.grant_id, 112) == replace(REDEEMED, revoked_at=110)


def test_revoking_what_is_gone_makes_nothing(grants: GrantStore) -> None:
    """Or its remnant would be a grant of nobody."""
    grants.revoke("gone", 120)
    assert grants.get("gone", 0) is None
    assert grants.redeem(replace(REDEMPTION, code=Code("gone", CODE.secret))) == (None, Reason.CODE_UNKNOWN)


def test_fifty_who_redeem_one_code_are_one_who_does(grants: GrantStore) -> None:
    """RFC 6749 section 4.1.2: a code is used once, under any concurrency."""
    outcomes = at_once(50, lambda number: grants.redeem(replace(REDEMPTION, request_id=f"r{number}")))
    assert Counter(reason for _, reason in outcomes) == {None: 1, Reason.CODE_REPLAYED: 49}
    [winner] = [grant for grant, reason in outcomes if reason is None]
    assert winner
    assert winner.redeemed_by == f"r{[reason for _, reason in outcomes].index(None)}"
    assert {grant.redeemed_by for grant, _ in outcomes if grant} == {winner.redeemed_by}


def test_a_grant_revoked_while_it_is_redeemed_stays_revoked(grants: GrantStore) -> None:
    """Whichever came first."""

    def redeem_or_revoke(number: int) -> object:
        if number % 5:
            return grants.redeem(replace(REDEMPTION, request_id=f"r{number}"))
        grants.revoke(GRANT.grant_id, 111)
        return None

    at_once(20, redeem_or_revoke)
    final = grants.get(GRANT.grant_id, 112)
    assert final
    assert final.revoked_at == 111
    assert grants.redeem(REDEMPTION)[1] in {Reason.GRANT_REVOKED, Reason.CODE_REPLAYED}


# refresh tokens: one turn of the grant for each


def test_a_turn_moves_the_grant_to_its_next_generation(grants: GrantStore) -> None:
    """And its end ahead."""
    grants.redeem(REDEMPTION)
    assert grants.turn(TURN) == (TURNED, None)
    assert grants.get(GRANT.grant_id, 9_499) == TURNED
    assert grants.turn(replace(TURN, generation=1, now=300))[0] == replace(TURNED, generation=2, rotated_at=300)


@pytest.mark.parametrize("now", [195, 200, 205, 210])
def test_a_turn_made_again_within_the_grace_changes_nothing(grants: GrantStore, now: int) -> None:
    """The same generation, dated as the first time; also by a clock that is a little behind."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    assert grants.turn(replace(TURN, now=now, expires_at=9_999)) == (TURNED, None)
    assert grants.get(GRANT.grant_id, 210) == TURNED


def test_a_turn_made_again_later_is_replay(grants: GrantStore) -> None:
    """With the grant as it is; to revoke it is the caller's part."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    assert grants.turn(replace(TURN, now=211)) == (TURNED, Reason.REFRESH_TOKEN_REPLAYED)
    assert grants.get(GRANT.grant_id, 211) == TURNED


def test_a_generation_before_the_last_is_replay_at_once(grants: GrantStore) -> None:
    """Whoever has the last one has shown that the answer arrived; and one that has never been is refused alike."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    grants.turn(replace(TURN, generation=1))
    for generation in (0, 3, 9):
        assert grants.turn(replace(TURN, generation=generation))[1] is Reason.REFRESH_TOKEN_REPLAYED


UNTURNABLE: list[tuple[dict[str, Any], Reason]] = [
    ({"client_id": "other"}, Reason.TOKEN_OF_ANOTHER_CLIENT),
    ({"client_id": ""}, Reason.TOKEN_OF_ANOTHER_CLIENT),
    ({"client_id": "other", "generation": 7}, Reason.TOKEN_OF_ANOTHER_CLIENT),
    ({"generation": 7}, Reason.REFRESH_TOKEN_REPLAYED),
    ({"now": 9_000}, Reason.GRANT_UNKNOWN),
    ({"now": 20_000}, Reason.GRANT_UNKNOWN),
]


@pytest.mark.parametrize(("different", "reason"), UNTURNABLE)
def test_a_turn_that_is_refused_moves_nothing(grants: GrantStore, different: dict[str, Any], reason: Reason) -> None:
    """Clause by clause; the right one still works."""
    grants.redeem(REDEMPTION)
    assert grants.turn(replace(TURN, **different)) == (REDEEMED, reason)
    assert grants.get(GRANT.grant_id, 200) == REDEEMED
    assert grants.turn(TURN) == (TURNED, None)


def test_a_grant_that_is_revoked_or_gone_does_not_turn(grants: GrantStore) -> None:
    """Not within the grace either, and nothing comes into being."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    grants.revoke(GRANT.grant_id, 201)
    for generation in (0, 1):
        again = replace(TURN, generation=generation, now=202)
        assert grants.turn(again) == (replace(TURNED, revoked_at=201), Reason.GRANT_REVOKED)
    assert grants.turn(replace(TURN, grant_id="gone")) == (None, Reason.GRANT_UNKNOWN)
    assert grants.get("gone", 0) is None


def test_a_grant_whose_code_was_not_redeemed_does_not_turn(grants: GrantStore) -> None:
    """There is no generation yet that a token could be of."""
    assert grants.turn(replace(TURN, now=120)) == (GRANT, Reason.REFRESH_TOKEN_REPLAYED)


def test_a_turn_that_came_to_nothing_is_taken_back(grants: GrantStore) -> None:
    """The token is the last one again, however much later; what the lost turn was dated is forgotten."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    grants.turn_back(TURN)
    back = replace(REDEEMED, expires_at=TURN.expires_at, taken_back=1)
    assert grants.get(GRANT.grant_id, 200) == back
    grants.turn_back(TURN)
    assert grants.get(GRANT.grant_id, 200) == back
    again = replace(TURN, request_id="r3", now=5_000)
    assert grants.turn(again) == (replace(TURNED, rotated_at=5_000, rotated_by="r3", taken_back=1), None)


def test_only_the_request_that_made_a_turn_can_take_it_back(grants: GrantStore) -> None:
    """Not one that made it again, nor once its successor was used or the grant revoked; nor is anything made of it."""
    grants.redeem(REDEMPTION)
    grants.turn_back(TURN)
    assert grants.get(GRANT.grant_id, 200) == REDEEMED
    grants.turn(TURN)
    grants.turn(replace(TURN, request_id="r3"))
    grants.turn_back(replace(TURN, request_id="r3"))
    assert grants.get(GRANT.grant_id, 200) == TURNED
    moved, _ = grants.turn(replace(TURN, generation=1, request_id="r4"))
    grants.turn_back(TURN)
    assert grants.get(GRANT.grant_id, 200) == moved
    grants.revoke(GRANT.grant_id, 201)
    grants.turn_back(replace(TURN, generation=1, request_id="r4"))
    assert grants.get(GRANT.grant_id, 202) == replace(moved, revoked_at=201) if moved else None
    grants.turn_back(replace(TURN, grant_id="gone"))
    assert grants.get("gone", 0) is None


def test_a_turn_whose_successor_was_used_stays_made(grants: GrantStore) -> None:
    """By whatever request: an id that came twice gives nobody a generation of before."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    moved, _ = grants.turn(replace(TURN, generation=1))
    grants.turn_back(TURN)
    assert grants.get(GRANT.grant_id, 200) == moved


def test_a_successor_that_somebody_has_stays_good_when_its_turn_is_taken_back(grants: GrantStore) -> None:
    """Two made the turn, one got the answer and the other failed: both tokens go on, one after the other does not."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    assert grants.turn(replace(TURN, request_id="r3")) == (TURNED, None)
    grants.turn_back(TURN)
    got = replace(TURN, generation=1, request_id="r4", now=300)
    assert grants.turn(replace(got, generation=2))[1] is Reason.REFRESH_TOKEN_REPLAYED
    turned, refused = grants.turn(got)
    assert (turned and turned.generation, refused) == (2, None)
    assert grants.turn(replace(TURN, now=301))[1] is Reason.REFRESH_TOKEN_REPLAYED


def test_a_generation_before_one_that_was_taken_back_is_replay(grants: GrantStore) -> None:
    """Whoever used the last one has shown that its answer had arrived, whatever came of that use."""
    grants.redeem(REDEMPTION)
    grants.turn(TURN)
    second = replace(TURN, generation=1, request_id="r3", now=202)
    grants.turn(second)
    grants.turn_back(second)
    assert grants.turn(replace(TURN, request_id="r4", now=203))[1] is Reason.REFRESH_TOKEN_REPLAYED


def test_taking_back_and_replay_at_once_never_make_two_redemptions(grants: GrantStore) -> None:
    """Whoever shows the code gets it from one hand: at each moment at most one request holds it."""
    grants.redeem(REDEMPTION)

    def release_or_redeem(number: int) -> Reason | None:
        if number == 0:
            grants.release(REDEMPTION)
            return Reason.UNEXPECTED
        return grants.redeem(replace(REDEMPTION, request_id=f"n{number}"))[1]

    outcomes = Counter(at_once(20, release_or_redeem))
    assert outcomes[None] <= 1
    assert outcomes[None] + outcomes[Reason.CODE_REPLAYED] == 19


def test_thirty_who_use_one_refresh_token_make_one_turn(grants: GrantStore) -> None:
    """Each gets the same grant, so each gets the same successor."""
    grants.redeem(REDEMPTION)
    outcomes = at_once(30, lambda number: grants.turn(replace(TURN, request_id=f"r{number}", now=200 + number % 5)))
    assert {reason for _, reason in outcomes} == {None}
    [grant] = {repr(grant): grant for grant, _ in outcomes}.values()
    assert grant
    assert (grant.generation, grants.get(GRANT.grant_id, 300)) == (1, grant)


def test_a_grant_revoked_while_it_turns_stays_revoked(grants: GrantStore) -> None:
    """Whichever came first."""
    grants.redeem(REDEMPTION)

    def turn_or_revoke(number: int) -> object:
        if number % 3:
            return grants.turn(TURN)
        grants.revoke(GRANT.grant_id, 201)
        return None

    at_once(12, turn_or_revoke)
    final = grants.get(GRANT.grant_id, 202)
    assert final
    assert final.revoked_at == 201
    assert grants.turn(replace(TURN, generation=final.generation or 0))[1] is Reason.GRANT_REVOKED


# what only the adapter can show


@pytest.fixture
def stored(tables: Tables) -> DynamoDbGrantStore:
    """A store on DynamoDB with the grant."""
    store = DynamoDbGrantStore(tables.dynamodb, tables.state)
    store.create(GRANT)
    return store


def test_the_code_is_stored_as_its_digest_alone(tables: Tables, stored: DynamoDbGrantStore) -> None:
    """And an item can be found by time to live and by user."""
    [item] = tables.items(tables.state)
    assert CODE.secret not in str(item)
    assert (item["pk"], item["expires_at"]) == ({"S": f"grant#{CODE.grant_id}"}, {"N": "700"})
    assert item["sub"] == {"S": "alice"}


@pytest.mark.parametrize("losing", [1, 2])
def test_writes_whose_answer_was_lost_are_successes(tables: Tables, losing: int) -> None:
    """The SDK repeats them: neither a second grant nor a replay comes of it."""
    store = DynamoDbGrantStore(tables.dynamodb, tables.state)
    tables.connection.losing = losing
    store.create(GRANT)
    tables.connection.losing = losing
    assert store.redeem(REDEMPTION) == (REDEEMED, None)
    tables.connection.losing = losing
    store.release(REDEMPTION)
    assert store.redeem(REDEMPTION) == (REDEEMED, None)
    tables.connection.losing = losing
    assert store.turn(TURN) == (TURNED, None)
    tables.connection.losing = losing
    store.turn_back(TURN)
    assert store.get(GRANT.grant_id, 230) == replace(REDEEMED, expires_at=9_500, taken_back=1)
    turned = replace(TURNED, taken_back=1)
    assert store.turn(TURN) == (turned, None)
    tables.connection.losing = losing
    store.revoke(GRANT.grant_id, 220)
    assert store.get(GRANT.grant_id, 230) == replace(turned, revoked_at=220)


def test_redeeming_turning_and_revoking_are_one_call_each(tables: Tables, stored: DynamoDbGrantStore) -> None:
    """Refused or not; a turn as well, made again or not."""
    calls: list[str] = []
    tables.dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    for request_id in ("r1", "r2"):
        stored.redeem(replace(REDEMPTION, request_id=request_id))
    for now in (200, 205, 300):
        stored.turn(replace(TURN, now=now))
    stored.turn_back(TURN)
    stored.release(REDEMPTION)
    stored.revoke(GRANT.grant_id, 120)
    assert calls == ["UpdateItem"] * 8


def test_a_malformed_grant_is_unavailable(tables: Tables, stored: DynamoDbGrantStore) -> None:
    """Neither valid nor unknown."""
    for remnant in ({}, {"claims": {"S": "{}"}}, {"claims": {"S": "{"}}, {"claims": {"N": "1"}}):
        tables.dynamodb.put_item(
            TableName=tables.state, Item={"pk": {"S": f"grant#{GRANT.grant_id}"}, "expires_at": {"N": "700"}, **remnant}
        )
        for ask in (
            lambda: stored.get(GRANT.grant_id, 110),
            lambda: stored.redeem(REDEMPTION),
            lambda: stored.turn(TURN),
        ):
            with pytest.raises(OAuthError) as raised:
                ask()
            assert raised.value.reason is Reason.RECORD_INVALID


def test_a_write_that_was_refused_is_never_taken_for_a_success(
    stored: DynamoDbGrantStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the condition ever ask for more than the clauses that explain it."""
    stored.redeem(REDEMPTION)
    monkeypatch.setattr(Redemption, "refused_by", lambda *_: None)
    with pytest.raises(OAuthError) as raised:
        stored.redeem(replace(REDEMPTION, request_id="r2"))
    assert raised.value.status == 503
    monkeypatch.setattr(Turn, "refused_by", lambda *_: None)
    with pytest.raises(OAuthError) as raised:
        stored.turn(replace(TURN, client_id="other"))
    assert raised.value.status == 503


def test_a_table_that_is_missing_is_unavailable(tables: Tables) -> None:
    """Whatever is asked of it; above all a revocation that did not happen is not taken for one."""
    store = DynamoDbGrantStore(tables.dynamodb, "missing")
    for ask in (
        lambda: store.create(GRANT),
        lambda: store.redeem(REDEMPTION),
        lambda: store.release(REDEMPTION),
        lambda: store.turn(TURN),
        lambda: store.turn_back(TURN),
        lambda: store.revoke("g", 1),
        lambda: store.get("g", 1),
    ):
        with pytest.raises(OAuthError) as raised:
            ask()
        assert raised.value.reason is Reason.STORE_UNAVAILABLE

"""The gate over real sockets: who gets in, and what everybody else is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from hosting.door import Door, door
from hosting.ground import URL, Needs, challenge, tell
from hosting.issuer import KEYS, SigningKey
from hosting.making import made
from mcp_server_zendesk.hosting import keys
from mcp_server_zendesk.hosting.authentication import Authentication
from mcp_server_zendesk.hosting.challenges import Resource
from mcp_server_zendesk.hosting.gate import LONGEST_TOKEN, Gate
from mcp_server_zendesk.server_settings import ServerSettings

pytestmark = pytest.mark.anyio

METADATA_URL = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
MODERN = {"Mcp-Method": "tools/list"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """For all tests that leave the issuer as it is."""
    async with door(tmp_path_factory.mktemp("door")) as found:
        yield found


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as found:
        yield found


async def test_a_signed_token_lets_its_user_in(opened: Door) -> None:
    token = opened.issuer.sign(scope="zd.read zd.tickets:write profile")
    answer = await opened.ask(token, **{"X-Other": "kept", "Cookie": "session=1"})
    told = answer.json()
    assert answer.status_code == 200
    assert told["name"] == "user-1"
    assert told["key"].split("\n") == [opened.issuer.address, "user", "user-1"]
    assert told["scopes"] == told["auth"] == ["read", "tickets:write"]
    assert told["body"] == 2


async def test_behind_the_gate_nothing_knows_the_token(opened: Door) -> None:
    for token in (opened.issuer.sign(scope="zd.read"), opened.static):
        cookie = {"Cookie": f"t={token}", "Proxy-Authorization": f"Bearer {token}"}
        answer = await opened.ask(token, **cookie, **{"X-Other": "kept"})
        told = answer.json()
        assert told["token"] == ""
        assert "x-other" in told["headers"]
        assert {"authorization", "cookie", "proxy-authorization"}.isdisjoint(told["headers"])
        assert token not in answer.text


async def test_a_static_token_lets_its_caller_in_by_name(opened: Door) -> None:
    told = (await opened.ask(opened.static)).json()
    assert (told["name"], told["scopes"]) == ("alice", ["read"])
    assert told["key"].split("\n") == ["tokens_file", "client", "alice"]


async def test_nobody_is_somebody_elses_namesake(opened: Door) -> None:
    issued = [
        opened.issuer.sign(scope="zd.read", client_id=client, sub=user)
        for client, user in (("alice", None), ("assistant", "alice"))
    ]
    keys = {(await opened.ask(one)).json()["key"] for one in (*issued, opened.static)}
    assert len(keys) == 3


async def test_a_user_is_one_caller_through_whichever_clients(opened: Door) -> None:
    """Where clients register themselves, another one would be as good as another person."""
    tokens = [opened.issuer.sign(scope="zd.read", client_id=client) for client in ("one", "two")]
    assert len({(await opened.ask(one)).json()["key"] for one in tokens}) == 1


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_written_as_anyone_likes(opened: Door, scheme: str) -> None:
    answer = await opened.ask(Authorization=f"{scheme} {opened.static}")
    assert answer.status_code == 200


async def test_without_a_token_a_client_learns_where_to_get_which(opened: Door) -> None:
    answer = await opened.ask()
    assert answer.status_code == 401
    assert answer.headers["cache-control"] == "no-store"
    told = challenge(answer.headers["www-authenticate"])
    assert told == {"scope": "zd.read zd.tickets:write", "resource_metadata": METADATA_URL}
    modern = challenge((await opened.ask(**MODERN)).headers["www-authenticate"])
    assert modern["scope"] == "zd.read", "it asks for more when it needs more"


async def test_without_an_issuer_nothing_is_promised(tmp_path: Path) -> None:
    async with door(tmp_path, issued=False) as opened:
        told = challenge((await opened.ask()).headers["www-authenticate"])
        assert "resource_metadata" not in told
        assert (await opened.ask(opened.static)).status_code == 200
        refused = await opened.ask(opened.issuer.sign(scope="zd.read"))
        assert refused.status_code == 401
        assert "tokens of its own alone" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": 1}, "expired"),
        ({"aud": "https://mcp.example.com/other/mcp"}, "another audience"),
        ({"iss": "https://evil.example"}, "another server"),
    ],
    ids=str,
)
async def test_a_bad_token_is_told_why(opened: Door, claims: dict[str, Any], words: str) -> None:
    token = opened.issuer.sign(scope="zd.read", **claims)
    answer = await opened.ask(token)
    told = challenge(answer.headers["www-authenticate"])
    assert answer.status_code == 401
    assert told["error"] == answer.json()["error"]["data"]["error"] == "invalid_token"
    assert words in told["error_description"]
    assert words in answer.json()["error"]["message"]
    assert told["resource_metadata"] == METADATA_URL
    assert token not in f"{answer.headers}{answer.text}"


@pytest.mark.parametrize(
    "header",
    [
        "Basic YWdlbnRAYWNtZS5jb20vdG9rZW46YWJj",
        "Token abc",
        "Digest x",
        "zmcp_abc",
        "a" * 40,
    ],
)
async def test_another_scheme_is_told_which_one_it_has_to_be(opened: Door, header: str) -> None:
    answer = await opened.ask(Authorization=header)
    assert answer.status_code == 401
    assert "no user names, passwords or Zendesk credentials" in answer.text
    assert header not in answer.text


@pytest.mark.parametrize("token", ["a" * 40, "0123456789abcdef" * 4, "Z9" * 16])
async def test_a_token_of_zendesks_is_never_taken(opened: Door, token: str) -> None:
    answer = await opened.ask(token)
    assert answer.status_code == 401
    assert "never takes or passes on" in answer.json()["error"]["message"]
    assert token not in f"{answer.headers}{answer.text}"


@pytest.mark.parametrize(
    "token",
    [" ", "a b", "zmcp_\tx", "zmcp_\x80", "x" * (LONGEST_TOKEN + 1), ","],
    ids=lambda token: ascii(token)[:9],
)
async def test_what_is_no_token_at_all_is_a_bad_request(opened: Door, token: str) -> None:
    header = b"Authorization", f"Bearer {token}".rstrip().encode("latin-1")
    answer = await opened.http.post("/mcp", headers=[header])
    assert answer.status_code == (401 if token == "," else 400)
    assert answer.headers["content-type"] == "application/json"


async def test_two_tokens_are_one_too_many(opened: Door) -> None:
    good = f"Bearer {opened.static}"
    for other in (good, "Basic x", "Bearer x"):
        headers = [("Authorization", good), ("authorization", other)]
        answer = await opened.http.post("/mcp", headers=headers)
        told = answer.json()["error"]["data"]
        assert (answer.status_code, told["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "query", ["access_token={}", "a=1&ACCESS%5FTOKEN={}", "token=", "api_token={}", "bearer={}"]
)
async def test_a_token_in_the_address_is_refused_whatever_the_header_says(
    opened: Door, query: str
) -> None:
    headers = {"Authorization": f"Bearer {opened.static}"}
    answer = await opened.http.post(f"/mcp?{query.format(opened.static)}", headers=headers)
    assert answer.status_code == 400
    assert "revoke" in answer.json()["error"]["message"]
    assert opened.static not in answer.text
    assert (await opened.http.post("/mcp?session_id=7", headers=headers)).status_code == 200


CALL = {"Mcp-Method": "tools/call", "Mcp-Name": "update_ticket"}


async def test_a_scope_that_only_the_caller_lacks_is_asked_for_with_those_it_has(
    opened: Door,
) -> None:
    answer = await opened.ask(opened.issuer.sign(scope="zd.read zd.users:read"), **CALL)
    assert answer.status_code == 403
    told = challenge(answer.headers["www-authenticate"])
    assert told.pop("error_description")
    assert told == {
        "error": "insufficient_scope",
        "scope": "zd.read zd.tickets:write zd.users:read",
        "resource_metadata": METADATA_URL,
    }
    error = answer.json()["error"]
    assert error["data"]["scope"] == told["scope"]
    assert error["message"].endswith(f": {told['scope']}. Nothing was done.")


@pytest.mark.parametrize(
    "headers",
    [
        {**CALL, "Mcp-Name": "get_weather"},
        {**CALL, "Mcp-Name": "=?base64?dXBkYXRlX3RpY2tldA=?="},
        {**CALL, "Mcp-Method": "tools/list"},
        {"Mcp-Method": "tools/call"},
        {},
    ],
    ids=str,
)
async def test_everything_else_is_left_to_the_boundary_that_explains(
    opened: Door, headers: dict[str, str]
) -> None:
    answer = await opened.ask(opened.issuer.sign(scope="zd.read"), **headers)
    assert answer.status_code == 200


async def test_a_name_is_read_as_clients_encode_it(opened: Door) -> None:
    encoded = {**CALL, "Mcp-Name": "=?base64?dXBkYXRlX3RpY2tldA==?="}
    token = opened.issuer.sign(scope="zd.read")
    assert (await opened.ask(token, **encoded)).status_code == 403
    twice = [*CALL.items(), ("Mcp-Name", "get_ticket"), ("Authorization", f"Bearer {token}")]
    answer = await opened.http.post("/mcp", headers=twice)
    assert answer.status_code == 200, "the SDK refuses it, in its own words"


async def test_a_token_that_nobody_could_widen_is_left_to_the_boundary(opened: Door) -> None:
    assert (await opened.ask(opened.static, **CALL)).status_code == 200


async def test_a_token_without_any_scope_of_ours_is_asked_for_the_first(opened: Door) -> None:
    answer = await opened.ask(opened.issuer.sign(scope="openid read"), **MODERN)
    assert answer.status_code == 403
    assert challenge(answer.headers["www-authenticate"])["scope"] == "zd.read"


async def test_keys_turn_under_way_and_everybody_stays_in(
    own: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "RETRY_SECONDS", 3_600.0)
    old = own.issuer.sign(scope="zd.read")
    assert (await own.ask(old)).status_code == 200
    own.issuer.keys.append(SigningKey("second"))
    new = own.issuer.sign(scope="zd.read")
    assert (await own.ask(new)).status_code == 401, "the keys were looked at a moment ago"
    monkeypatch.setattr(keys, "RETRY_SECONDS", 0.0)
    assert [(await own.ask(token)).status_code for token in (new, old, new)] == [200] * 3
    assert own.issuer.requests.count(KEYS) == 2


async def test_an_issuer_that_is_down_is_no_fault_of_the_client(own: Door) -> None:
    own.issuer.status[KEYS] = 503
    answer = await own.ask(own.issuer.sign(scope="zd.read"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert "www-authenticate" not in answer.headers
    assert answer.json()["error"]["data"] == {
        "outcome": "not_applied",
        "retryable": True,
        "retry_after_seconds": int(answer.headers["retry-after"]),
        "error": "temporarily_unavailable",
    }
    assert (await own.ask(own.static)).status_code == 200, "it needs no issuer"


async def test_no_request_gets_in_by_its_method_or_path(opened: Door) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "TRACE", "FOO"):
        for path in ("/mcp", "/", "/../mcp", "/.well-known/x", "//mcp"):
            answer = await opened.http.request(method, path)
            assert answer.status_code == 401, (method, path)


async def test_a_connection_is_kept_after_a_refusal(opened: Door) -> None:
    for _ in range(3):
        assert (await opened.ask("x" * 1_000)).status_code == 401
        assert (await opened.ask(opened.static)).status_code == 200


async def test_one_connection_serves_many_callers_each_as_itself(opened: Door) -> None:
    """A proxy sends everybody's requests over one connection."""
    names = [f"user-{number % 7}" for number in range(60)]
    told: dict[int, str] = {}

    async def ask(place: int) -> None:
        token = opened.issuer.sign(scope="zd.read", sub=names[place])
        told[place] = (await opened.ask(token)).json()["name"]

    async with anyio.create_task_group() as tasks:
        for place in range(len(names)):
            tasks.start_soon(ask, place)
    assert [told[place] for place in range(len(names))] == names


async def test_a_websocket_is_closed(tmp_path: Path) -> None:
    made(tmp_path / "tokens.json")
    authentication = Authentication(ServerSettings(tokens_file=tmp_path / "tokens.json"))
    resource = authentication.resource(URL)
    verifier = authentication.verifier_of("acme", resource)
    gate = Gate(tell, verifier=verifier, resource=resource, scopes_needed=Needs())
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    await gate({"type": "websocket", "headers": [], "query_string": b""}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("text", ['https://x.example/"', "https://x.example/\r\nX: y", "https://é"])
def test_nothing_breaks_out_of_the_header(text: str) -> None:
    for made_of in ({"url": text}, {"url": URL, "issuer": text}):
        with pytest.raises(ValueError, match="what no header takes"):
            Resource(**made_of)
    with pytest.raises(ValueError, match="what no header takes"):
        Resource(URL, scope_prefix='x"')

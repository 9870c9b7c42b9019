from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_server_zendesk.connection.errors import ForeignAddress
from mcp_server_zendesk.connection.paths import api_path, link_path, same_origin

ORIGIN = "https://acme.zendesk.com"
HOSTILE = [
    "../users",
    "a/b",
    "..%2f",
    "%2e%2e",
    "a?b=c",
    "a#b",
    "//evil.com",
    "\\..\\",
    "@evil.com",
]
SEGMENT = st.one_of(
    st.text(min_size=1).filter(lambda text: text not in {".", ".."}),
    st.sampled_from(HOSTILE),
    st.integers(),
)


@given(st.lists(SEGMENT, min_size=1, max_size=6))
@example([".. ", "...", "..\n", "%", "%zz", "\x00", "\ud800"])
def test_no_segment_leaves_its_place(segments: list[str | int]) -> None:
    path = api_path(*segments)
    url = httpx.URL(ORIGIN + path)
    sent = url.raw_path.decode("ascii")
    assert (url.scheme, url.host, url.port) == ("https", "acme.zendesk.com", None)
    assert url.query == b""
    assert url.fragment == ""
    assert sent == path
    parts = sent.split("/")
    assert parts[:3] == ["", "api", "v2"]
    assert [unquote(part, errors="surrogatepass") for part in parts[3:]] == [
        str(segment) for segment in segments
    ]


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_segment_that_means_another_folder_is_refused(segment: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        api_path("tickets", segment, "tags")


def test_a_path_without_segments_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one segment"):
        api_path()


@pytest.mark.parametrize(
    "link",
    [
        "https://acme.zendesk.com/api/v2/tickets?page=2",
        "https://ACME.zendesk.com/api/v2/tickets?page=2",
        "https://acme.zendesk.com:443/api/v2/tickets?page=2",
        "/api/v2/tickets?page=2",
    ],
)
def test_a_link_on_the_own_origin_becomes_its_path_and_query(link: str) -> None:
    assert link_path(link, ORIGIN) == "/api/v2/tickets?page=2"


FOREIGN = [
    "https://evil.com/api/v2/tickets",
    "http://acme.zendesk.com/api/v2/tickets",
    "https://acme.zendesk.com:8443/",
    "https://acme.zendesk.com:0/",
    "https://acme.zendesk.com:port/",
    "https://acme.zendesk.com@evil.com/",
    "https://user@acme.zendesk.com/",
    "https://acme.zendesk.com.evil.com/",
    "https://acme.zendesk.com\\@evil.com/",
    "https://other.zendesk.com/",
    "//evil.com/",
    "/\\evil.com/",
    "https:evil.com",
    "javascript:alert(1)",
    "https://acme.zendesk.com/api/v2/../../x",
    "https://[::1/",
    "",
    "api/v2/tickets",
]


@pytest.mark.parametrize("link", FOREIGN)
def test_any_other_link_is_not_followed(link: str) -> None:
    with pytest.raises(ForeignAddress):
        link_path(link, ORIGIN)


PIECES = [
    "https://",
    "acme.zendesk.com",
    "evil.com",
    "/",
    "//",
    "@",
    ":443",
    ":0",
    "\\",
    "?",
    "#",
    "..",
    "\t",
    "\n",
    "%2f",
    "[",
    "]",
    " ",
    "api",
    "\x00",
    "\u3002",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=10).map("".join)))
@example("https://acme.zendesk.com?x")
@example("https://acme.zendesk.com//evil.com/")
def test_whatever_a_link_says_what_is_followed_stays_on_the_account(link: str) -> None:
    try:
        path = link_path(link, ORIGIN)
    except ForeignAddress:
        return
    try:
        url = httpx.URL(ORIGIN + path)
    except httpx.InvalidURL:
        return  # refused later, and sent nowhere
    assert (url.scheme, url.host, url.port, url.userinfo) == (
        "https",
        "acme.zendesk.com",
        None,
        b"",
    )
    assert same_origin(str(url), ORIGIN)


def test_the_same_origin_knows_default_ports_and_cases() -> None:
    assert same_origin("HTTPS://Acme.Zendesk.com:443/x", ORIGIN)
    assert not same_origin("https://acme.zendesk.com:80/", ORIGIN)

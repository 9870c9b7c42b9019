"""Files put together from awkward lines: what is not ours stays, or nothing is touched."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server_zendesk.clients import merge as merging
from mcp_server_zendesk.clients.catalogue import CLIENTS, Client
from mcp_server_zendesk.clients.launch import Launch
from mcp_server_zendesk.clients.refusals import Unparsable

UVX = Launch("uvx", ("mcp-server-zendesk",), {"ZENDESK_SUBDOMAIN": "acme"})
TOML_LINES = (
    "[mcp_servers]",
    "[mcp_servers.zendesk]  # ours",
    "[mcp_servers.zendesk.env]",
    '[mcp_servers."zendesk"]',
    "[[mcp_servers.zendesk.tools]]",
    "[mcp_servers.other]",
    "mcp_servers.zendesk.enabled = true",
    "mcp_servers = { zendesk = { enabled = true } }",
    "[x]",
    "[[y]]",
    "  indented = 1.50\t# kept",
    "day = 1979-05-27",
    'text = """[x]',
    '"""',
    "# kept",
    "",
)
YAML_LINES = (
    "extensions:",
    "extensions: {}  # kept",
    "extensions: {other: {x: 1}}",
    "  zendesk:",
    "    enabled: false  # kept",
    '  "other":',
    "    x: [1, 2]",
    "    y:",
    "      - 1",
    "a: 1",
    "b: |",
    "c: >-",
    "  text",
    "---",
    "# kept",
    "    # kept",
    "",
)


@pytest.mark.parametrize(
    ("client", "lines"),
    [(CLIENTS["codex"], TOML_LINES), (CLIENTS["goose"], YAML_LINES)],
    ids=["codex", "goose"],
)
@given(data=st.data(), newline=st.sampled_from(["\n", "\r\n"]))
def test_whatever_the_file_holds_its_lines_stay_or_it_is_refused(
    client: Client, lines: Sequence[str], data: st.DataObject, newline: str
) -> None:
    drawn = data.draw(st.lists(st.sampled_from(lines), max_size=10))
    text = newline.join(drawn) + data.draw(st.sampled_from(["", newline]))
    try:
        edited = merging._edited(text, client, UVX, "zendesk")
    except Unparsable:
        return
    assert merging._edited(edited, client, UVX, "zendesk") == edited
    after = iter(edited.splitlines())
    ours = ("zendesk", "extensions")
    kept = [line for line in text.splitlines() if not any(word in line for word in ours)]
    assert all(line in after for line in kept)
    if newline == "\r\n" and newline in text:
        assert edited.count("\n") == edited.count(newline)

"""An embedded Zendesk: an ASGI app over a seeded store, for the demo and for tests.

It speaks the wire format that `zendesk-api.md` describes and knows nothing of the product:

    sandbox = Sandbox()
    transport = httpx.ASGITransport(app=sandbox)
    base_url = f"https://{DEMO_SUBDOMAIN}.zendesk.com/api/v2/"
    client = httpx.AsyncClient(transport=transport, base_url=base_url)

`misfortunes` has its faults by name, `oddities` rare things that an account may hold. `port`
serves it on a socket, and so does `python -m mcp_server_zendesk.sandbox`.
`seeded_store(tickets=200_000)` adds tickets for load.
"""

from mcp_server_zendesk.sandbox.app import RecordedRequest, Sandbox
from mcp_server_zendesk.sandbox.clock import ManualClock
from mcp_server_zendesk.sandbox.faults import Fault, Faults
from mcp_server_zendesk.sandbox.landmarks import DEMO_API_TOKEN, DEMO_SUBDOMAIN, DEMO_TOKEN
from mcp_server_zendesk.sandbox.rules import ClosedTicketRules, Rules
from mcp_server_zendesk.sandbox.seed.desk import seeded_store
from mcp_server_zendesk.sandbox.store import AccessToken, Store

__all__ = [
    "DEMO_API_TOKEN",
    "DEMO_SUBDOMAIN",
    "DEMO_TOKEN",
    "AccessToken",
    "ClosedTicketRules",
    "Fault",
    "Faults",
    "ManualClock",
    "RecordedRequest",
    "Rules",
    "Sandbox",
    "Store",
    "seeded_store",
]

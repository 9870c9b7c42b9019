"""The paths of OAuth beside the API (`zendesk-api.md` §2.2)."""

from mcp_server_zendesk.sandbox.oauth.authorize import decide, show_consent
from mcp_server_zendesk.sandbox.oauth.tokens import issue_token
from mcp_server_zendesk.sandbox.routing import PUBLIC, route

ROUTES = (
    route("GET", "/oauth/authorizations/new", show_consent, PUBLIC),
    route("POST", "/oauth/authorizations", decide, PUBLIC),
    route("POST", "/oauth/tokens", issue_token, PUBLIC),
)

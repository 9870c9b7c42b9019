"""Who am I, what may my token do, and the account's settings."""

from mcp_server_zendesk.sandbox.call import Answer, Call
from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.routing import BROAD, OPEN, route
from mcp_server_zendesk.sandbox.store import AccessToken

_CSRF_TOKEN = "c5rf-t0ken-of-the-embedded-workspace=="  # noqa: S105


def show_me(call: Call) -> Answer:
    """GET /users/me, for anybody: the anonymous get a user without an id (§2.3)."""
    user = call.user if call.caller.anonymous else call.wire.user(call.user)
    return Answer({"user": {**user, "authenticity_token": _CSRF_TOKEN}})


def show_token(call: Call) -> Answer:
    """GET /oauth/tokens/current (§2.2)."""
    return Answer({"token": call.wire.token(_current_token(call))})


def revoke_token(call: Call) -> Answer:
    """DELETE /oauth/tokens/current (§2.2)."""
    call.store.revoke_access_token(_current_token(call).token)
    return Answer(None, 204)


def show_settings(call: Call) -> Answer:
    """GET /account/settings; `modify_closed_tickets_customer_setting` is undocumented (§6.1.5)."""
    closed = call.rules.closed_tickets
    return Answer(
        {
            "settings": {
                "branding": {"header_color": "1F3A2E", "page_background_color": "F4F1EA"}
                | {"tab_background_color": "2F5D46", "text_color": "FFFFFF"}
                | {"header_logo_url": None, "favicon_url": None},
                "apps": {"use": True, "create_private": True, "create_public": False},
                "tickets": {
                    "agent_ticket_deletion": False,
                    "list_newest_comments_first": True,
                    "collaboration": True,
                    "private_attachments": True,
                    "agent_collision": True,
                    "tagging": True,
                    "list_empty_views": True,
                    "comments_public_by_default": True,
                    "is_first_comment_private_enabled": True,
                    "maximum_personal_views_to_list": 8,
                    "status_hold": True,
                    "markdown_ticket_comments": False,
                    "rich_text_comments": True,
                    "emoji_autocompletion": True,
                    "assign_tickets_upon_solve": False,
                    "allow_group_reset": True,
                    "modify_closed_tickets_customer_setting": closed.modify_closed_tickets,
                },
                "user": {"tagging": True, "time_zone_selection": True}
                | {"language_selection": True, "multiple_organizations": False},
                "lotus": {"prefer_lotus": True, "reporting": True},
                "statistics": {"forum": True, "search": True, "rule_usage": True},
                "billing": {"backend": "zuora"},
                "active_features": {
                    "on_hold_status": True,
                    "user_tagging": True,
                    "ticket_tagging": True,
                    "business_hours": False,
                    "customer_satisfaction": True,
                    "ticket_forms": True,
                    "user_org_fields": True,
                    "light_agents": True,
                    "custom_statuses_enabled": True,
                    "sandbox": call.rules.sandbox_account,
                },
                "ticket_form": {
                    "ticket_forms_instructions": None,
                    "raw_ticket_forms_instructions": None,
                },
                "brands": {
                    "default_brand_id": call.store.default_of(call.store.brands),
                    "require_brand_on_new_tickets": False,
                },
            },
        },
    )


def _current_token(call: Call) -> AccessToken:
    # What this answers to an API token, which has no record here, is not known.
    if call.caller.token is None:
        raise record_not_found()
    return call.caller.token


ROUTES = (
    route("GET", "/users/me", show_me, OPEN),
    route("GET", "/oauth/tokens/current", show_token, OPEN),
    route("DELETE", "/oauth/tokens/current", revoke_token, OPEN),
    route("GET", "/account/settings", show_settings, BROAD),
)

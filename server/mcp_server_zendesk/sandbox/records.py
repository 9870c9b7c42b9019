"""Blank records: every key that Zendesk shows of a resource, with the value of a fresh one.

Records are plain objects in wire form, without what depends on the request (`url`) or on other
records (`has_incidents`); `wire.py` adds that. Key sets follow the recordings of 2023.
"""

from typing import Any

Json = dict[str, Any]


def user_record(**known: object) -> Json:
    """A user (`zendesk-api.md` §8)."""
    return {
        "id": None,
        "name": "",
        "email": None,
        "created_at": None,
        "updated_at": None,
        "time_zone": "Europe/Stockholm",
        "iana_time_zone": "Europe/Stockholm",
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None,
        "role": "end-user",
        "verified": True,
        "external_id": None,
        "tags": [],
        "alias": None,
        "active": True,
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": False,
        "signature": None,
        "details": None,
        "notes": None,
        "role_type": None,
        "custom_role_id": None,
        "moderator": False,
        "ticket_restriction": "requested",
        "only_private_comments": False,
        "restricted_agent": True,
        "suspended": False,
        "default_group_id": None,
        "report_csv": False,
        "user_fields": {},
        **known,
    }


def staff_record(**known: object) -> Json:
    """An agent or admin: a user who may see every ticket."""
    return user_record(
        **{
            "role": "agent",
            "role_type": 0,
            "moderator": True,
            "ticket_restriction": None,
            "restricted_agent": False,
            **known,
        },
    )


def anonymous_user() -> Json:
    """Whom `users/me` shows to a caller without credentials, as recorded (§2.3)."""
    return {
        "id": None,
        "url": None,
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "created_at": None,
        "updated_at": None,
        "time_zone": "Europe/Stockholm",
        "iana_time_zone": "Europe/Stockholm",
        "phone": None,
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None,
        "role": "end-user",
        "verified": False,
    }


def identity_record(**known: object) -> Json:
    """A way to reach a user."""
    return {
        "id": None,
        "user_id": None,
        "type": "email",
        "value": None,
        "verified": True,
        "primary": True,
        "created_at": None,
        "updated_at": None,
        "undeliverable_count": 0,
        "deliverable_state": "deliverable",
        **known,
    }


def group_record(**known: object) -> Json:
    """A group of agents."""
    return {
        "id": None,
        "is_public": True,
        "name": "",
        "description": "",
        "default": False,
        "deleted": False,
        "created_at": None,
        "updated_at": None,
        **known,
    }


def organization_record(**known: object) -> Json:
    """An organization of end users."""
    return {
        "id": None,
        "name": "",
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "created_at": None,
        "updated_at": None,
        "domain_names": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "tags": [],
        "organization_fields": {},
        **known,
    }


def ticket_field_record(**known: object) -> Json:
    """A ticket field, system or custom."""
    title = known.get("title", "")
    description = known.get("description", "")
    return {
        "id": None,
        "type": "text",
        "title": title,
        "raw_title": title,
        "description": description,
        "raw_description": description,
        "agent_description": None,
        "position": 9999,
        "active": True,
        "required": False,
        "collapsed_for_agents": False,
        "regexp_for_validation": None,
        "title_in_portal": title,
        "raw_title_in_portal": title,
        "visible_in_portal": False,
        "editable_in_portal": False,
        "required_in_portal": False,
        "tag": None,
        "created_at": None,
        "updated_at": None,
        "removable": True,
        "key": None,
        **known,
    }


def ticket_form_record(**known: object) -> Json:
    """A ticket form."""
    name = known.get("name", "")
    return {
        "id": None,
        "name": name,
        "raw_name": name,
        "display_name": name,
        "raw_display_name": name,
        "end_user_visible": True,
        "position": 1,
        "ticket_field_ids": [],
        "active": True,
        "default": False,
        "created_at": None,
        "updated_at": None,
        "in_all_brands": True,
        "restricted_brand_ids": [],
        "end_user_conditions": [],
        "agent_conditions": [],
        **known,
    }


def brand_record(**known: object) -> Json:
    """A brand."""
    return {
        "id": None,
        "name": "",
        "brand_url": None,
        "subdomain": None,
        "has_help_center": False,
        "help_center_state": "disabled",
        "active": True,
        "default": False,
        "is_deleted": False,
        "logo": None,
        "ticket_form_ids": [],
        "signature_template": "{{agent.signature}}",
        "host_mapping": None,
        "created_at": None,
        "updated_at": None,
        **known,
    }


def custom_status_record(**known: object) -> Json:
    """A ticket status as the account names it."""
    agent_label = known.get("agent_label", "")
    end_user_label = known.get("end_user_label", agent_label)
    return {
        "id": None,
        "status_category": "open",
        "agent_label": agent_label,
        "raw_agent_label": agent_label,
        "end_user_label": end_user_label,
        "raw_end_user_label": end_user_label,
        "description": None,
        "raw_description": None,
        "end_user_description": None,
        "raw_end_user_description": None,
        "active": True,
        "default": False,
        "created_at": None,
        "updated_at": None,
        **known,
    }


def ticket_record(**known: object) -> Json:
    """A ticket (`zendesk-api.md` §5.1)."""
    return {
        "id": None,
        "external_id": None,
        "via": via_api(),
        "created_at": None,
        "updated_at": None,
        "type": None,
        "subject": None,
        "description": "",
        "priority": None,
        "status": "new",
        "recipient": None,
        "requester_id": None,
        "submitter_id": None,
        "assignee_id": None,
        "organization_id": None,
        "group_id": None,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "is_public": True,
        "due_at": None,
        "tags": [],
        "custom_fields": [],
        "satisfaction_rating": {"score": "unoffered"},
        "sharing_agreement_ids": [],
        "custom_status_id": None,
        "encoded_id": "",
        "followup_ids": [],
        "ticket_form_id": None,
        "brand_id": None,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
        **known,
    }


def via_api() -> Json:
    """The channel of whatever comes through the API."""
    return {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}}


def via_channel(channel: str) -> Json:
    """The channel of a seeded ticket: `email`, `web` and so on."""
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}}

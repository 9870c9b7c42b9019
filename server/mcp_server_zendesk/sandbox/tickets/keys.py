"""Which keys of a ticket may be written; the others are dropped with a 200 (§3, §5.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_server_zendesk.sandbox.records import Json


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_id(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return value is None or isinstance(value, int) or (isinstance(value, str) and value.isdigit())


def _is_flag(value: object) -> bool:
    return isinstance(value, bool) or value in {"true", "false"}


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_list_or_text(value: object) -> bool:
    return isinstance(value, (list, str))


def _is_list_or_object(value: object) -> bool:
    return isinstance(value, (list, dict))


Check = Callable[[object], bool]

_EVERYWHERE: dict[str, Check] = {
    "subject": _is_text,
    "raw_subject": _is_text,
    "external_id": _is_text,
    "recipient": _is_text,
    "comment": _is_object,
    "status": _is_text,
    "custom_status_id": _is_id,
    "type": _is_text,
    "due_at": _is_text,
    "problem_id": _is_id,
    "priority": _is_text,
    "requester_id": _is_id,
    "requester": _is_object,
    "assignee_id": _is_id,
    "assignee_email": _is_text,
    "group_id": _is_id,
    "organization_id": _is_id,
    "collaborator_ids": _is_list,
    "collaborators": _is_list,
    "email_ccs": _is_list,
    "followers": _is_list,
    "tags": _is_list_or_text,
    "custom_fields": _is_list_or_object,
    "fields": _is_list_or_object,
    "ticket_form_id": _is_id,
    "brand_id": _is_id,
    "sharing_agreement_ids": _is_list,
    "attribute_value_ids": _is_list,
    "metadata": _is_object,
}

ON_CREATE: dict[str, Check] = {
    **_EVERYWHERE,
    "description": _is_text,
    "submitter_id": _is_id,
    "macro_ids": _is_list,
    "via_followup_source_id": _is_id,
}
ON_UPDATE: dict[str, Check] = {
    **_EVERYWHERE,
    "additional_collaborators": _is_list,
    "macro_id": _is_id,
    "safe_update": _is_flag,
    "updated_stamp": _is_text,
}
ON_UPDATE_MANY: dict[str, Check] = {
    **ON_UPDATE,
    "additional_tags": _is_list_or_text,
    "remove_tags": _is_list_or_text,
}

ON_ORGANIZATION: dict[str, Check] = {
    "name": _is_text,
    "details": _is_text,
    "notes": _is_text,
    "domain_names": _is_list,
    "external_id": _is_text,
    "group_id": _is_id,
    "shared_tickets": _is_flag,
    "shared_comments": _is_flag,
    "tags": _is_list,
    "organization_fields": _is_object,
}
ON_USER: dict[str, Check] = {
    **dict.fromkeys(
        (
            "name",
            "email",
            "role",
            "alias",
            "details",
            "notes",
            "phone",
            "signature",
            "locale",
            "time_zone",
            "external_id",
            "ticket_restriction",
            "remote_photo_url",
        ),
        _is_text,
    ),
    **dict.fromkeys(("custom_role_id", "default_group_id", "locale_id", "organization_id"), _is_id),
    **dict.fromkeys(
        (
            "suspended",
            "verified",
            "moderator",
            "only_private_comments",
            "restricted_agent",
            "shared_phone_number",
            "skip_verify_email",
        ),
        _is_flag,
    ),
    "tags": _is_list,
    "user_fields": _is_object,
    "organization": _is_object,
    "organization_ids": _is_list,
    "group_ids": _is_list,
    "identities": _is_list,
}

LOCK_KEYS = frozenset({"safe_update", "updated_stamp"})
"""Keys that say how to write, not what."""


@dataclass
class Accepted:
    """The keys of a request that are written, and those that were dropped."""

    wanted: Json = field(default_factory=dict)
    unpermitted: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    def warning(self, action: str, controller: str = "tickets") -> dict[str, str]:
        """The `X-Zendesk-API-Warn` header as recorded since 2023: Ruby's view of a hash."""
        if not self.unpermitted and not self.invalid:
            return {}
        return {
            "X-Zendesk-API-Warn": (
                f'{{:allowed_parameters=>{{:controller=>"{controller}", '
                f':action=>"{action}", '
                f":unpermitted_keys=>{_ruby_list(self.unpermitted)}, "
                f":invalid_values=>{_ruby_list(self.invalid)}}}}}"
            ),
        }


def accept(given: Mapping[str, Any], allowed: Mapping[str, Check], prefix: str) -> Accepted:
    """Sorts the keys of a request. Names are case-sensitive (`zendesk-api.md` §3)."""
    accepted = Accepted()
    for name, value in given.items():
        check = allowed.get(name)
        if check is None:
            accepted.unpermitted.append(f"{prefix}.{name}")
        elif not check(value):
            accepted.invalid.append(f"{prefix}.{name}")
        else:
            is_id = check is _is_id and isinstance(value, str)
            accepted.wanted[name] = int(value) if is_id else value
    return accepted


def _ruby_list(names: list[str]) -> str:
    quoted = (name.encode("ascii", "backslashreplace").decode() for name in names)
    return "[" + ", ".join(f'"{name}"' for name in quoted) + "]"

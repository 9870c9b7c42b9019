"""Requester, assignee, group, organization and those who are copied in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_server_zendesk.sandbox.errors import record_not_found
from mcp_server_zendesk.sandbox.vocabulary import LIGHT_AGENT

if TYPE_CHECKING:
    from mcp_server_zendesk.sandbox.records import Json
    from mcp_server_zendesk.sandbox.tickets.draft import Draft


def set_people(draft: Draft) -> None:
    """Takes over every key about people, then makes them agree with each other."""
    _set_requester(draft)
    _set_assignee(draft)
    _set_group(draft)
    _agree(draft)
    _set_organization(draft)
    _set_copied(draft)


def check_suspension(draft: Draft) -> None:
    """Refuses a suspended requester, with what stands behind "suspended account" errors (§3).

    When exactly Zendesk checks this is not known; here on create, on a change of requester and
    on a comment.
    """
    requester = draft.store.users.get(draft.after["requester_id"])
    touched = draft.creating or {"requester_id", "requester", "comment"} & draft.wanted.keys()
    if requester and requester["suspended"] and touched:
        draft.problems.add("requester", f"Requester: {requester['name']} is suspended.")


def _set_requester(draft: Draft) -> None:
    wanted, store = draft.wanted, draft.store
    if "requester" in wanted:
        given: Json = wanted["requester"]
        email = given.get("email")
        known = store.user_by_email(email) if email else None
        if known is None and not email:
            draft.problems.add("requester", "Requester: Email: cannot be blank", "BlankValue")
            return
        if known is None:
            # An address without a user creates one (§5.1).
            known = store.add_user(name=given.get("name") or email, email=email, verified=False)
        requester: Json | None = known
    elif "requester_id" in wanted:
        requester = store.users.get(wanted["requester_id"] or 0)
    else:
        return
    if requester is None:
        draft.problems.add("requester", "Requester: is invalid", "InvalidValue")
        return
    if requester["id"] != draft.after["requester_id"]:
        draft.after["requester_id"] = requester["id"]
        draft.after["organization_id"] = requester["organization_id"]


def _set_assignee(draft: Draft) -> None:
    wanted, store = draft.wanted, draft.store
    if wanted.get("assignee_email"):
        assignee = store.user_by_email(wanted["assignee_email"])
    elif "assignee_id" in wanted:
        if wanted["assignee_id"] is None:
            draft.after["assignee_id"] = None
            return
        assignee = store.users.get(wanted["assignee_id"])
    else:
        return
    if assignee is None or assignee["role"] == "end-user" or assignee["role_type"] == LIGHT_AGENT:
        draft.problems.add("assignee", "Assignee: is invalid", "InvalidValue")
        return
    draft.after["assignee_id"] = assignee["id"]


def _set_group(draft: Draft) -> None:
    if "group_id" not in draft.wanted:
        return
    group_id = draft.wanted["group_id"]
    if group_id is not None and group_id not in draft.store.groups:
        draft.problems.add("group", "Group: is invalid", "InvalidValue")
        return
    draft.after["group_id"] = group_id


def _agree(draft: Draft) -> None:
    """The assignee must be in the group (§5.1); what was not asked for gives way."""
    after, wanted, store = draft.after, draft.wanted, draft.store
    assignee_id = after["assignee_id"]
    if assignee_id is None or after["group_id"] in store.groups_of(assignee_id):
        return
    chose_assignee = bool({"assignee_id", "assignee_email"} & wanted.keys())
    if chose_assignee and wanted.get("group_id") is not None:
        # The rule is documented, the wording of its refusal is not.
        name = store.users[assignee_id]["name"]
        draft.problems.add("assignee", f"Assignee: {name} is not in the group", "InvalidValue")
    elif chose_assignee:
        after["group_id"] = store.users[assignee_id]["default_group_id"]
    elif "group_id" in wanted:
        after["assignee_id"] = None


def _set_organization(draft: Draft) -> None:
    if "organization_id" not in draft.wanted:
        return
    organization_id = draft.wanted["organization_id"]
    requester = draft.store.users.get(draft.after["requester_id"])
    if requester and organization_id not in {None, requester["organization_id"]}:
        text = "Organization: is not one of the requester's organizations"
        draft.problems.add("organization", text, "InvalidValue")
        return
    draft.after["organization_id"] = organization_id


def _set_copied(draft: Draft) -> None:
    after, wanted = draft.after, draft.wanted
    if "collaborator_ids" in wanted:
        after["collaborator_ids"] = [int(one) for one in wanted["collaborator_ids"]]
    for key in ("collaborators", "additional_collaborators"):
        if key in wanted:
            kept = after["collaborator_ids"] if key.startswith("additional") else []
            after["collaborator_ids"] = _united(kept, _collaborators(draft, wanted[key]))
    for key, listed in (("email_ccs", "email_cc_ids"), ("followers", "follower_ids")):
        for entry in wanted.get(key, ()):
            user_id = _copied_user(draft, entry)
            others = [one for one in after[listed] if one != user_id]
            removed = entry.get("action") == "delete"
            after[listed] = others if removed else [*others, user_id]
            if key == "email_ccs":
                # With CCs and followers on, the older key mirrors the CCs.
                after["collaborator_ids"] = list(after[listed])


def _collaborators(draft: Draft, given: list[object]) -> list[int]:
    found = []
    for one in given:
        if isinstance(one, int):
            found.append(one)
        elif isinstance(one, dict):
            found.append(_copied_user(draft, {"user_email": one.get("email"), **one}))
        else:
            found.append(_copied_user(draft, {"user_email": str(one)}))
    return found


def _copied_user(draft: Draft, entry: Json) -> int:
    if entry.get("user_id"):
        user_id = int(entry["user_id"])
        if user_id not in draft.store.users:
            raise record_not_found()
        return user_id
    email = str(entry.get("user_email"))
    name = entry.get("user_name") or email
    known = draft.store.user_by_email(email) or draft.store.add_user(name=name, email=email)
    return int(known["id"])


def _united(kept: list[int], added: list[int]) -> list[int]:
    return list(dict.fromkeys([*kept, *added]))

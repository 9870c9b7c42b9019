"""Records as answers show them: with addresses, and with what follows from other records."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from urllib.parse import quote, urlsplit

from mcp_server_zendesk.sandbox.clock import moment
from mcp_server_zendesk.sandbox.records import Json
from mcp_server_zendesk.sandbox.store import AccessToken, Job, Store


class Wire:
    """Shapes records for one request, whose own origin is the one in every address."""

    def __init__(self, store: Store, origin: str) -> None:
        self._store = store
        self.origin = origin
        """Scheme, host and port that the request was sent to."""

    @cached_property
    def _problems(self) -> frozenset[int]:
        """The tickets that others are incidents of, as of this request."""
        tickets = self._store.written_tickets()
        return frozenset(one["problem_id"] for one in tickets if one["problem_id"] is not None)

    @property
    def host(self) -> str:
        """The host that the request was sent to."""
        return urlsplit(self.origin).hostname or ""

    def address(self, path: str) -> str:
        """The absolute address of a path below `/api/v2/`."""
        return f"{self.origin}/api/v2/{path}"

    def shown(self, resource: str, record: Json) -> Json:
        """A record with its own address, as most resources have it."""
        return {"url": self.address(f"{resource}/{record['id']}.json"), **record}

    def user(self, record: Json) -> Json:
        """A user."""
        return self.shown("users", record)

    def group(self, record: Json) -> Json:
        """A group."""
        return self.shown("groups", record)

    def organization(self, record: Json) -> Json:
        """An organization."""
        return self.shown("organizations", record)

    def custom_status(self, record: Json) -> Json:
        """A custom status."""
        return self.shown("custom_statuses", record)

    def identity(self, record: Json) -> Json:
        """An identity; its address is below its user's."""
        return self.shown(f"users/{record['user_id']}/identities", record)

    def ticket_field(self, record: Json) -> Json:
        """A ticket field."""
        return self.shown("ticket_fields", record)

    def ticket(self, record: Json) -> Json:
        """A ticket with the keys that Zendesk derives."""
        has_incidents = record["type"] == "problem" and record["id"] in self._problems
        return {
            **self.shown("tickets", record),
            "raw_subject": record["subject"],
            "generated_timestamp": _seconds(moment(record["updated_at"])),
            "has_incidents": has_incidents,
            "fields": record["custom_fields"],
        }

    def comment(self, record: Json) -> Json:
        """A comment, its attachments with addresses."""
        return {**record, "attachments": [self.attachment(one) for one in record["attachments"]]}

    def audit(self, record: Json) -> Json:
        """An audit; its comment events show attachments too."""
        events = [
            self.comment(event) if event["type"] == "Comment" else event
            for event in record["events"]
        ]
        return {**record, "events": events}

    def attachment(self, record: Json) -> Json:
        """An attachment."""
        content_url = f"{self.origin}/attachments/token/{record['token']}/?name="
        content_url += quote(record["file_name"])
        return {
            "url": self.address(f"attachments/{record['id']}.json"),
            "id": record["id"],
            "file_name": record["file_name"],
            "content_url": content_url,
            "mapped_content_url": content_url,
            "content_type": record["content_type"],
            "size": record["size"],
            "width": record.get("width"),
            "height": record.get("height"),
            "inline": record.get("inline", False),
            "deleted": False,
            "malware_access_override": False,
            "malware_scan_result": record.get("malware_scan_result", "malware_not_found"),
            "thumbnails": [],
        }

    def job(self, job: Job, status: str) -> Json:
        """A job status; results only once it is done (`zendesk-api.md` §5.6)."""
        done = status == "completed"
        total = len(job.items)
        finished = job.finished_at
        return {
            "id": job.id,
            "job_type": job.job_type,
            "url": self.address(f"job_statuses/{job.id}.json"),
            "total": total,
            "progress": total if done else None if status == "queued" else 0,
            "status": status,
            "message": _completed(finished) if done and finished else None,
            "results": job.results if done else None,
        }

    def token(self, token: AccessToken) -> Json:
        """An OAuth token; only its first ten characters are ever shown (§2.2)."""
        return {
            "url": self.address(f"oauth/tokens/{token.id}.json"),
            "id": token.id,
            "user_id": token.user_id,
            "client_id": token.client_id,
            "token": token.token[:10],
            "refresh_token": None,
            "created_at": _iso(token.created_at),
            "expires_at": _iso(token.expires_at),
            "used_at": None,
            "scopes": sorted(token.scopes),
        }

    def users(self, ids: Iterable[object]) -> list[Json]:
        """The users of these ids, each once."""
        found = _named(ids, self._store.users)
        return [self.user(record) for record in found]

    def groups(self, ids: Iterable[object]) -> list[Json]:
        """The groups of these ids, each once."""
        return [self.group(record) for record in _named(ids, self._store.groups)]

    def organizations(self, ids: Iterable[object]) -> list[Json]:
        """The organizations of these ids, each once."""
        return [self.organization(record) for record in _named(ids, self._store.organizations)]

    def custom_statuses(self, ids: Iterable[object]) -> list[Json]:
        """The custom statuses of these ids, each once."""
        return [self.custom_status(record) for record in _named(ids, self._store.custom_statuses)]


def _named(ids: Iterable[object], records: dict[int, Json]) -> list[Json]:
    unique = dict.fromkeys(one for one in ids if isinstance(one, int))
    return [records[one] for one in unique if one in records]


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _completed(at: datetime) -> str:
    return f"Completed at {at:%Y-%m-%d %H:%M:%S} +0000"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")

"""Attachments and uploads, as far as a tool reads them (``zendesk-api.md`` §5.7)."""

from __future__ import annotations

from mcp_server_zendesk.connection.records import Attachment, Moment, Record

_HARMLESS = {None, "malware_not_found", "not_scanned"}


class AttachmentRecord(Attachment):
    """A file by its own id. ``content_url`` is followed, and never shown."""

    content_url: str | None = None
    width: int | None = None
    height: int | None = None
    deleted: bool | None = None
    malware_access_override: bool | None = None

    @property
    def suspicious(self) -> bool:
        """Whether Zendesk's scan found something, or came to no end."""
        return self.malware_scan_result not in _HARMLESS

    @property
    def withheld(self) -> bool:
        """Whether Zendesk means nobody to open it."""
        return self.suspicious and not self.malware_access_override


class UploadRecord(Record):
    """An upload: its token is what a comment takes."""

    token: str
    expires_at: Moment = None
    attachment: Attachment | None = None

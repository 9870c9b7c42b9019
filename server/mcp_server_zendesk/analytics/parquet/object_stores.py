"""An export in an object store: S3 and what speaks like it, Google Cloud Storage, Azure.

Credentials come from where the cloud's own tools look: environment variables (``AWS_…``,
``GOOGLE_…``, ``AZURE_…``), the role of the machine, and for S3 also the profile in
``~/.aws/credentials``. They are read here and by ``obstore``, and said nowhere.
"""

from __future__ import annotations

import configparser
import ipaddress
import os
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from mcp_server_zendesk.analytics.parquet.destinations import ExportFailed
from mcp_server_zendesk.analytics.parquet.object_store_problems import sentence
from mcp_server_zendesk.serving.local_refusals import ExtraNeeded

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

Scheme = Literal["s3", "gs", "az"]
SCHEMES: tuple[Scheme, ...] = ("s3", "gs", "az")

_BUCKETS = {
    "s3": re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
    "gs": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
    "az": re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}"),
}
_BEFORE_A_PROFILE = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_PART_OF_A_PREFIX = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9!_.*'()=-]+")
_LONGEST_PREFIX = 512
_CONNECT_SECONDS = 10
_REQUEST_SECONDS = 120
_RETRIES = 4
_RETRIED_SECONDS = 60
_CHUNK_BYTES = 8 * 1024 * 1024
_CHUNKS_AT_ONCE = 3
_LARGEST_READ_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bucket:
    """An address in an object store, taken apart and looked at."""

    scheme: Scheme
    name: str
    prefix: str
    endpoint: str | None = None

    @property
    def shown(self) -> str:
        """The address, without the endpoint."""
        return f"{self.scheme}://{self.name}/{self.prefix}".rstrip("/")


def bucket_of(
    address: str, *, endpoint: str | None, allow_http: bool, environment: Mapping[str, str]
) -> Bucket:
    """Take an address such as ``s3://bucket/prefix`` apart.

    Without ``endpoint``, ``AWS_ENDPOINT_URL_S3`` and ``AWS_ENDPOINT_URL`` count, as they do for
    the tools of AWS.

    Raises:
        ExportFailed: It is none, or it leads over HTTP to another machine.
    """
    scheme, _, rest = address.partition("://")
    known = next((one for one in SCHEMES if one == scheme), None)
    if known is None:
        told = ", ".join(f"{one}://" for one in SCHEMES)
        raise ExportFailed(f"a destination is a folder or begins with one of {told}")
    if "@" in rest or "?" in rest or "#" in rest:
        raise ExportFailed(
            f"a destination is {known}://NAME/PREFIX: credentials and options have no place in it"
        )
    name, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if _BUCKETS[known].fullmatch(name) is None:
        raise ExportFailed(f"what stands behind {known}:// cannot be: no bucket has such a name")
    parts = prefix.split("/") if prefix else []
    if len(prefix) > _LONGEST_PREFIX or not all(map(_PART_OF_A_PREFIX.fullmatch, parts)):
        raise ExportFailed(
            f"the prefix behind {known}://{name}/ may hold letters, digits and !_.*'()=- between "
            f"its slashes, and {_LONGEST_PREFIX} characters at most"
        )
    if known != "s3":
        if endpoint is not None:
            raise ExportFailed("an endpoint belongs to a destination that begins with s3://")
        return Bucket(known, name, prefix)
    given = (
        endpoint or environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    )
    return Bucket(known, name, prefix, _checked(given, allow_http=allow_http) if given else None)


def _checked(endpoint: str, *, allow_http: bool) -> str:
    """An endpoint that may be used.

    Raises:
        ExportFailed: What goes there could be read on the way, or it is no address.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in {"http", "https"}:
        raise ExportFailed("an endpoint is https://HOST or https://HOST:PORT")
    if parts.username is not None or parts.query or parts.fragment:
        raise ExportFailed("an endpoint is an address alone: no user, no query")
    if parts.scheme == "http" and not allow_http and not _is_this_machine(host):
        raise ExportFailed(
            "an endpoint on another machine that begins with http:// is not encrypted: use https, "
            "or say --allow-http where the network is your own"
        )
    at = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{at}" + (f":{port}" if port else "") + parts.path.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(slots=True)
class Prefix:
    """A prefix in a bucket."""

    bucket: Bucket
    _store: ObjectStore

    @property
    def shown(self) -> str:
        """Its address."""
        return self.bucket.shown

    async def names(self) -> AsyncGenerator[tuple[str, int]]:
        """All files below the prefix."""
        import obstore  # noqa: PLC0415 - an extra, and heavy

        with self._told():
            async for found in obstore.list(self._store):
                for one in found:
                    if one["path"] and (one["size"] or not one["path"].endswith("/")):
                        yield one["path"], one["size"]

    async def read(self, name: str) -> bytes | None:
        """What is in a file."""
        import obstore  # noqa: PLC0415 - an extra, and heavy

        with self._told():
            try:
                found = await obstore.get_async(self._store, name)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
                    raise
                return None
            if found.meta["size"] > _LARGEST_READ_BYTES:
                raise ExportFailed(f"{self.shown}/{name} is too large to be of an export")
            return bytes(await found.bytes_async())

    async def put(self, name: str, file: Path) -> None:
        """Send a file, a large one in parts."""
        import obstore  # noqa: PLC0415 - an extra, and heavy

        with self._told():
            await obstore.put_async(
                self._store,
                name,
                file,
                chunk_size=_CHUNK_BYTES,
                max_concurrency=_CHUNKS_AT_ONCE,
            )

    async def move(self, name: str, to: str) -> None:
        """A copy, made by the store itself."""
        import obstore  # noqa: PLC0415 - an extra, and heavy

        with self._told():
            await obstore.copy_async(self._store, name, to)

    async def remove(self, names: Sequence[str]) -> None:
        """Take files away."""
        import obstore  # noqa: PLC0415 - an extra, and heavy

        with self._told():
            try:
                await obstore.delete_async(self._store, names)
            except FileNotFoundError:
                for name in names:
                    with suppress(FileNotFoundError):
                        await obstore.delete_async(self._store, name)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra, and heavy

        try:
            yield
        except (BaseError, OSError) as error:
            raise ExportFailed(sentence(error, self.bucket)) from None


def object_store(
    bucket: Bucket,
    *,
    environment: Mapping[str, str] = os.environ,
    retries: int = _RETRIES,
    seconds: float = _REQUEST_SECONDS,
) -> Prefix:
    """Nothing is asked of the store yet.

    Raises:
        ExtraNeeded: ``obstore`` is not installed.
        ExportFailed: What the environment says cannot be used.
    """
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra, and heavy
        from obstore.store import AzureStore, GCSStore, S3Store  # noqa: PLC0415 - likewise
    except ImportError:
        raise ExtraNeeded from None
    client: ClientConfig = {
        "allow_http": bucket.endpoint is not None and bucket.endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=min(seconds, _CONNECT_SECONDS)),
        "timeout": timedelta(seconds=seconds),
    }
    retry: RetryConfig = {
        "max_retries": retries,
        "retry_timeout": timedelta(seconds=_RETRIED_SECONDS),
    }
    shared: dict[str, Any] = {
        "prefix": bucket.prefix or None,
        "client_options": client,
        "retry_config": retry,
    }
    try:
        if bucket.scheme == "gs":
            return Prefix(bucket, GCSStore(bucket.name, **shared))
        if bucket.scheme == "az":
            return Prefix(bucket, AzureStore(bucket.name, **shared))
        if bucket.endpoint is not None:
            shared["endpoint"] = bucket.endpoint
            shared["virtual_hosted_style_request"] = False
        shared |= profile(environment)
        return Prefix(bucket, S3Store(bucket.name, **shared))
    except (BaseError, OSError, ValueError) as error:
        raise ExportFailed(sentence(error, bucket)) from None


def profile(environment: Mapping[str, str]) -> dict[str, str]:
    """What the profile of the tools of AWS says, where the environment holds no key: the key and
    the region, by the names that ``obstore`` gives them. ``AWS_PROFILE``,
    ``AWS_SHARED_CREDENTIALS_FILE`` and ``AWS_CONFIG_FILE`` count.

    Raises:
        ExportFailed: The profile that is named does not exist, or leads to a sign-in.
    """
    named = environment.get("AWS_PROFILE")
    if any(environment.get(one) for one in _BEFORE_A_PROFILE):
        return {}
    home = Path(environment.get("HOME") or Path.home()) / ".aws"
    keys = _table(environment.get("AWS_SHARED_CREDENTIALS_FILE"), home / "credentials", named)
    config_name = named if named in {None, "default"} else f"profile {named}"
    config = _table(environment.get("AWS_CONFIG_FILE"), home / "config", config_name)
    if named and not keys and not config:
        raise ExportFailed("AWS_PROFILE names a profile that is in no file of the tools of AWS")
    found = {
        ours: value
        for ours, theirs in (
            ("access_key_id", "aws_access_key_id"),
            ("secret_access_key", "aws_secret_access_key"),
            ("session_token", "aws_session_token"),
        )
        if (value := keys.get(theirs) or config.get(theirs))
    }
    if named and "access_key_id" not in found:
        raise ExportFailed(
            "the profile of AWS_PROFILE holds no key but a way to one: run "
            "'aws configure export-credentials --format env' and set what it says"
        )
    set_already = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    region = keys.get("region") or config.get("region")
    if region and not set_already:
        found["region"] = region
    return found


def _table(given: str | None, usual: Path, name: str | None) -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(given or usual, encoding="utf-8")
    except (OSError, configparser.Error, UnicodeDecodeError):
        raise ExportFailed(f"{given or usual} cannot be read as a file of profiles") from None
    section = name or "default"
    return dict(parser[section]) if parser.has_section(section) else {}

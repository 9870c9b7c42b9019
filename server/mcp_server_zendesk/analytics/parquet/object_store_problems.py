"""What an object store's failure means, in a sentence. Its own words are not passed on: they hold
addresses, key ids and what was signed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_server_zendesk.analytics.parquet.object_stores import Bucket

_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUS = re.compile(r"status(?: code)?: (\d{3})")
_METADATA = ("/latest/api/token", "/latest/meta-data", "metadata.google", "169.254.169.254")
_NOT_WHOLE = ("missing", "account must be", "credential")
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}
_BY_CODE = {
    "NoSuchBucket": "there is no bucket of that name",
    "ContainerNotFound": "there is no container of that name",
    "SignatureDoesNotMatch": "the secret key is not the one of the access key",
    "InvalidAccessKeyId": "the access key is not known there",
    "ExpiredToken": "the session of the credentials has expired",
    "InvalidToken": "the session token is not valid",
    "AccessDenied": "the credentials may not do this there",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "PermanentRedirect": "the bucket is in another region: set AWS_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region: set AWS_REGION",
    "QuotaExceeded": "there is no room left",
    "EntityTooLarge": "a file is larger than it takes",
    "SlowDown": "it takes no more requests at the moment",
}
_BY_WORDS = (
    ("invalidcertificate", "its certificate is not trusted: point SSL_CERT_FILE at who signed it"),
    ("invalidcontenttype", "it does not speak TLS: the endpoint may be one for http"),
    ("dns error", "there is no such host, or the network is down"),
    ("badscheme", "it would be asked without encryption, which is not allowed"),
    ("timedout", "it did not answer in time"),
    ("kind: timeout", "it did not answer in time"),
    ("tcp connect error", "it cannot be reached"),
    ("kind: connect", "it cannot be reached"),
    ("kind: request", "the connection broke off"),
)


def sentence(error: Exception, bucket: Bucket) -> str:
    """Why a request came to nothing, and what to do about it."""
    place = bucket.shown + (f" at {bucket.endpoint}" if bucket.endpoint else "")
    return f"{place}: {_why(error, bucket)}"


def _why(error: Exception, bucket: Bucket) -> str:
    words = str(error)
    lower = words.lower()
    if any(one in lower for one in _METADATA):
        return f"there are no credentials: set {_CREDENTIALS[bucket.scheme]}"
    code = _CODE.search(words)
    if code is not None and code[1] in _BY_CODE:
        return _BY_CODE[code[1]]
    if type(error).__name__ in {"PermissionDeniedError", "UnauthenticatedError"}:
        return "the credentials may not do this there" + _said(words)
    if isinstance(error, FileNotFoundError):
        return "there is no such bucket, or a file left it meanwhile" + _said(words)
    found = (why for known, why in _BY_WORDS if known in lower)
    return next(found, None) or _unknown(words, bucket)


def _unknown(words: str, bucket: Bucket) -> str:
    if any(one in words.lower() for one in _NOT_WHOLE):
        return f"the credentials are not whole: set {_CREDENTIALS[bucket.scheme]}"
    return "it failed" + _said(words)


def _said(words: str) -> str:
    """The status and the code of the answer, which are numbers and names from a list."""
    status, code = _STATUS.search(words), _CODE.search(words)
    said = " ".join(one[1] for one in (status, code) if one is not None)
    return f" (it answered {said})" if said else ""

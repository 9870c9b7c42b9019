"""What a refused API token means depends on the day: Zendesk stops them all on 2027-04-30."""

from __future__ import annotations

from datetime import date

import pytest

from mcp_server_zendesk.connection.errors import Refusal, Unauthenticated
from mcp_server_zendesk.serving.explain import explain
from mcp_server_zendesk.serving.explanation import Circumstances

REFUSED = Unauthenticated(Refusal(status=401), auth="api_token")


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 11, 22), False),
        (date(2027, 4, 29), False),
        (date(2027, 4, 30), True),
        (date(2031, 1, 1), True),
    ],
)
def test_from_the_day_on_the_end_of_api_tokens_is_the_first_cause(today: date, first: bool) -> None:
    explanation = explain(REFUSED, Circumstances(tool="get_user", today=today))
    causes = explanation.details["candidates"]
    (retired,) = [cause for cause in causes if "2027-04-30" in cause]
    assert (causes[0] == retired) is first
    assert ("2027-04-30" in explanation.reason) is first


@pytest.mark.parametrize("auth", ["oauth", "oauth_token", "oauth_client_credentials", None])
def test_other_credentials_have_other_causes(auth: str | None) -> None:
    error = Unauthenticated(Refusal(status=401), auth=auth)
    explanation = explain(error, Circumstances(tool="get_user", today=date(2031, 1, 1)))
    assert "2027" not in str(explanation.payload())
    assert explanation.details["candidates"]

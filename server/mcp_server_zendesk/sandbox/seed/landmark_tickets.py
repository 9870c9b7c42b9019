"""The named tickets 1001 to 1012: one in each state that matters."""

from typing import Any

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.seed.story import AUTOMATION, Story, Turn, closing

_OSKAR = 41700000020030
_RHYS = 41700000020047
_FIONA = 41700000020064
_CAMILA = 41700000020098
_DIEGO = 41700000020115
_HANNAH = 41700000020251


def area(value: str, **more: object) -> dict[str, Any]:
    """What an agent sets on triage: the product area, and more."""
    return {"custom_fields": [{"id": at.PRODUCT_AREA_FIELD_ID, "value": value}], **more}


def solved(resolution: str) -> dict[str, Any]:
    """Solving, with the field that it requires."""
    field = {"id": at.RESOLUTION_FIELD_ID, "value": resolution}
    return {"status": "solved", "custom_fields": [field]}


LANDMARKS = (
    Story(
        at.OPEN_TICKET,
        "Cannot log in to the school account since Monday",
        6,
        (
            Turn(
                at.REQUESTER_ID,
                "Hello,\n\nsince Monday none of our instructors can log in to the school account. "
                'After the password the page just says "Session expired" and starts over. We '
                "tried Chrome and Safari, two laptops and a phone.\n\nOur winter course starts "
                "on Friday and the packing lists are in there, so this is rather urgent for us."
                "\n\nLena Bergström\nFjällgården Outdoor School",
                sets={"tags": ["login", "vip"]},
            ),
            Turn(
                at.AGENT_ID,
                "Hi Lena,\n\nsorry about that, and thank you for trying several browsers. I have "
                "signed out all open sessions of your account. Could you try again in a private "
                "window and tell me the exact time of the attempt?\n\nMarek",
                hours=2,
                sets=area(
                    "area_account",
                    assignee_id=at.AGENT_ID,
                    priority="high",
                    type="question",
                ),
            ),
            Turn(
                at.AGENT_ID,
                "The session cookie is set for the old domain (shop.) and refused by the new "
                "one. Same as #1010? Asked the web team, they look at it today. Do not promise "
                "a time yet.",
                hours=20,
                note=True,
            ),
        ),
    ),
    Story(
        at.NEW_TICKET,
        "Do the Sarek 45 hip belts fit the Sarek 60?",
        0.2,
        (
            Turn(
                at.INDEPENDENT_USER_ID,
                "Hi! I have last year's Sarek 60 and the hip belt is worn through. The shop "
                "only lists belts for the Sarek 45. Do they fit, or is there another part "
                "number I should order?\n\nThanks, Grace",
            ),
        ),
        channel="web",
    ),
    Story(
        at.PENDING_TICKET,
        "Wrong size in order NW-20871",
        4,
        (
            Turn(
                _RHYS,
                "We ordered six Dovre shells in L and got six in M. Order NW-20871. The guides "
                "leave on the 14th, what are our options?",
                sets={"tags": ["order"]},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "Hi Rhys,\n\nwe have four in L here and two in the Oslo store. I can send all "
                "six today by express if you confirm the delivery address:\n\nKestrel Mountain "
                "Guides, 3 Goodman Street, Llanberis\n\nA return label for the six M is "
                "attached to the parcel.\n\nTomás",
                hours=3,
                sets={
                    "assignee_id": at.RETURNS_AGENT_ID,
                    "status": "pending",
                    "priority": "normal",
                    "type": "question",
                    "custom_fields": [
                        {"id": at.PRODUCT_AREA_FIELD_ID, "value": "area_orders"},
                        {"id": at.ORDER_NUMBER_FIELD_ID, "value": "NW-20871"},
                        {"id": at.UNITS_FIELD_ID, "value": 6},
                        {"id": at.GROUP_BOOKING_FIELD_ID, "value": True},
                    ],
                },
            ),
        ),
    ),
    Story(
        at.HOLD_TICKET,
        "Stove valve leaks after two trips",
        11,
        (
            Turn(
                _CAMILA,
                "Good morning, one of the Fonn stoves leaks at the valve. You can hear it hiss "
                "with the tap closed. We took it out of the rental pool. It is nine weeks old. "
                "Is it safe to use the other eleven?",
                sets={"tags": ["stove", "safety"]},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "Hi Camila,\n\nplease do not use that one again. The other eleven are from a "
                "different batch (the number under the burner starts with 24B, not 24A) and are "
                "fine. I have sent you a prepaid box for the leaking one.\n\nTomás",
                hours=1.5,
                sets=area(
                    "area_repair",
                    assignee_id=at.RETURNS_AGENT_ID,
                    priority="urgent",
                    type="incident",
                    ticket_form_id=at.WARRANTY_FORM_ID,
                ),
            ),
            Turn(
                at.LIGHT_AGENT_ID,
                "Arrived in the workshop. O-ring was mounted the wrong way round. Waiting for "
                "the supplier's word on whether the whole batch 24A is affected.",
                hours=120,
                note=True,
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                hours=1,
                sets={"custom_status_id": at.WORKSHOP_STATUS_ID},
            ),
        ),
    ),
    Story(
        at.SOLVED_TICKET,
        "Invoice for NW-20533 without VAT number",
        5,
        (
            Turn(
                _HANNAH,
                "Guten Tag, could you please reissue the invoice for NW-20533 with our VAT "
                "number DE 123 456 789? Our accountant will not take it otherwise.",
                sets={"tags": ["invoice"]},
            ),
            Turn(
                at.TEAM_LEAD_ID,
                "Hello Hannah,\n\nthe corrected invoice is in your account under Orders, and I "
                "have mailed you a copy.\n\nPriya",
                hours=5,
                sets={
                    "assignee_id": at.TEAM_LEAD_ID,
                    "group_id": at.BILLING_GROUP_ID,
                    "priority": "low",
                    "type": "task",
                    **solved("resolution_fixed"),
                },
            ),
        ),
    ),
    Story(
        at.CLOSED_TICKET,
        "Refund for cancelled course gear NW-19984",
        41,
        (
            Turn(
                at.REQUESTER_ID,
                "Our autumn course was cancelled for lack of snow. Can we return the 14 pairs of "
                "snowshoes from NW-19984 unused? The boxes are still closed.",
                sets={"tags": ["refund"]},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "Of course. The carrier collects them on Thursday, please have the boxes at the "
                "gate by nine.",
                hours=4,
                sets=area(
                    "area_returns",
                    assignee_id=at.RETURNS_AGENT_ID,
                    priority="normal",
                    status="pending",
                ),
            ),
            Turn(at.REQUESTER_ID, "They are on their way. Thank you!", hours=52),
            Turn(
                at.RETURNS_AGENT_ID,
                "All 14 arrived in perfect condition. 11,480 SEK are on their way to your "
                "account and should be there within three bank days.",
                hours=71,
                sets=solved("resolution_refunded"),
            ),
            closing(97),
        ),
    ),
    Story(
        at.MERGED_TICKET,
        "Re: Parcel still in customs",
        15,
        (
            Turn(
                _DIEGO,
                "Any news about the parcel in customs? Camila wrote last week too.",
                sets={"tags": ["customs"]},
            ),
            Turn(
                at.AGENT_ID,
                'This request was closed and merged into request #1008 "Parcel still in customs".',
                hours=1,
                note=True,
                sets={
                    "assignee_id": at.AGENT_ID,
                    "tags": ["customs", "closed_by_merge"],
                    "status": "closed",
                    "custom_fields": [
                        {"id": at.RESOLUTION_FIELD_ID, "value": "resolution_no_action"},
                    ],
                },
            ),
        ),
    ),
    Story(
        at.MERGE_TARGET_TICKET,
        "Parcel still in customs",
        21,
        (
            Turn(
                _CAMILA,
                "NW-20790 has been in customs in Santiago for nine days. They ask for a "
                "commercial invoice with tariff codes. Could you send one?",
                sets={"tags": ["customs", "shipping"]},
            ),
            Turn(
                at.AGENT_ID,
                "Hi Camila, here it is, with the tariff code of each item. The customs broker "
                "has a copy as well.",
                hours=6,
                sets=area("area_orders", assignee_id=at.AGENT_ID, priority="normal"),
            ),
            Turn(
                at.AGENT_ID,
                'Request #1007 "Re: Parcel still in customs" was closed and merged into this '
                "request. Last comment in request #1007:\n\nAny news about the parcel in "
                "customs? Camila wrote last week too.",
                hours=139,
                note=True,
            ),
        ),
    ),
    Story(
        at.FOLLOW_UP_TICKET,
        "Re: Refund for cancelled course gear NW-19984",
        3,
        (
            Turn(
                at.REQUESTER_ID,
                'This is a follow-up to your previous request #1006 "Refund for cancelled '
                'course gear".\n\nThe bank says only 10,480 SEK came in. Could you check the '
                "missing 1,000?",
                sets={"via_followup_source_id": at.CLOSED_TICKET, "tags": ["refund"]},
            ),
            Turn(
                at.TEAM_LEAD_ID,
                "Hi Lena, you are right, there was a typo in our transfer. The missing 1,000 SEK "
                "go out today.",
                hours=8,
                sets={"assignee_id": at.TEAM_LEAD_ID, "group_id": at.BILLING_GROUP_ID}
                | area("area_returns", priority="high"),
            ),
        ),
    ),
    Story(
        at.PROBLEM_TICKET,
        "Sessions lost after the shop moved to its new domain",
        7,
        (
            Turn(
                at.AGENT_ID,
                "Since the move on Sunday night some customers lose their session right after "
                "the login. Cookie domain? Collecting incidents here.",
                note=True,
                sets={
                    "type": "problem",
                    "priority": "urgent",
                    "assignee_id": at.AGENT_ID,
                    "tags": ["login", "outage"],
                },
            ),
            Turn(
                at.ADMIN_ID,
                "Web team: the cookie is set for shop.northwind-outdoor.example only. Fix is in "
                "review, rollout planned for tomorrow morning.",
                hours=30,
                note=True,
                sets={"custom_status_id": at.IN_REVIEW_STATUS_ID, **area("area_account")},
            ),
        ),
        channel="web",
    ),
    Story(
        at.INCIDENT_TICKETS[0],
        "Logged out at checkout",
        6.5,
        (
            Turn(
                _FIONA,
                "Every time I go to the checkout I have to log in again, and then the basket is "
                "empty. Third time now.",
                sets={"tags": ["login"]},
            ),
            Turn(
                at.AGENT_ID,
                "Hi Fiona, thank you for telling us. This is a fault on our side that we are "
                "working on. Your basket is kept: it is under Saved for later.",
                hours=3,
                sets=area(
                    "area_account",
                    assignee_id=at.AGENT_ID,
                    type="incident",
                    problem_id=at.PROBLEM_TICKET,
                    priority="high",
                ),
            ),
        ),
    ),
    Story(
        at.INCIDENT_TICKETS[1],
        "Instructors cannot see their packing lists",
        6.2,
        (
            Turn(
                _OSKAR,
                "Lena has written already, but here the login goes through and then the packing "
                "lists are missing. Two of us see this.",
                sets={"tags": ["login"]},
            ),
            Turn(
                AUTOMATION,
                hours=0.1,
                sets={"priority": "high", "tags": ["login", "key_account"]},
                rule="Raise priority for key accounts",
            ),
            Turn(
                at.AGENT_ID,
                hours=2,
                sets={
                    "assignee_id": at.AGENT_ID,
                    "type": "incident",
                    "problem_id": at.PROBLEM_TICKET,
                },
            ),
        ),
    ),
)

"""Tickets 1028 and up: the everyday queue, over all statuses, priorities and types."""

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.seed.landmark_tickets import area, solved
from mcp_server_zendesk.sandbox.seed.story import Story, Turn

_OSKAR = 41700000020030
_RHYS = 41700000020047
_DIEGO = 41700000020115
_YULIIA = 41700000020166
_MAI = 41700000020183
_CHLOE = 41700000020234
_HANNAH = 41700000020251

EVERYDAY = (
    Story(
        1028,
        "Чи відправляєте ви до Львова?",
        0.4,
        (
            Turn(
                _YULIIA,
                "Добрий день! Чи доставляєте ви газові пальники до Львова, і скільки це коштує? "
                "На сайті при оформленні замовлення немає України.",
                sets={"tags": ["shipping", "question"]},
            ),
        ),
        channel="web",
    ),
    Story(
        1029,
        "Hỏi về bảo hành túi ngủ",
        3.2,
        (
            Turn(
                _MAI,
                "Chào shop, túi ngủ Rondane của tôi bị xì lông sau 3 tháng. Tôi mua ở Oslo, "
                "bây giờ ở Đà Nẵng. Bảo hành thế nào ạ?",
                sets={"tags": ["warranty"]},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "Hi Mai, thank you for writing. The warranty is worldwide. Could you send us a "
                "photo of the label inside the hood?",
                hours=11,
                sets=area("area_returns", assignee_id=at.RETURNS_AGENT_ID, status="pending")
                | {"priority": "normal", "type": "question"},
            ),
        ),
    ),
    Story(
        1030,
        "Rental skis for 40 people in February",
        12,
        (
            Turn(
                _OSKAR,
                "We plan a course for 40 from 9 to 16 February. Do you have 40 sets of touring "
                "skis between 155 and 185 cm? Boots we have ourselves.",
            ),
            Turn(
                at.ADMIN_ID,
                "Hi Oskar, yes, if Tromsø lends us twelve. I am asking them.",
                hours=20,
                sets={
                    "assignee_id": at.ADMIN_ID,
                    "priority": "high",
                    "type": "task",
                    "brand_id": at.BASECAMP_BRAND_ID,
                    "tags": ["rental"],
                    "custom_fields": [
                        {"id": at.UNITS_FIELD_ID, "value": 40},
                        {"id": at.GROUP_BOOKING_FIELD_ID, "value": True},
                        {"id": at.CHANNELS_FIELD_ID, "value": ["channel_rental"]},
                    ],
                },
            ),
            Turn(
                at.ADMIN_ID,
                "Tromsø answers on Monday.",
                hours=49,
                note=True,
                sets={"status": "hold"},
            ),
        ),
    ),
    Story(
        1031,
        "Double charge on my card",
        0.6,
        (
            Turn(
                _HANNAH,
                "My card was charged twice for NW-20933, 189 EUR each, ten seconds apart. Please "
                "refund one of them.",
                sets={"tags": ["refund", "payment"]},
            ),
            Turn(
                at.TEAM_LEAD_ID,
                "Hello Hannah, I can see both. The second is only reserved, not booked, and "
                "falls away by itself within two days. I keep an eye on it.",
                hours=1,
                sets={"assignee_id": at.TEAM_LEAD_ID, "group_id": at.BILLING_GROUP_ID}
                | {"priority": "urgent", "type": "incident"},
            ),
        ),
        channel="web",
    ),
    Story(
        1032,
        "Catalogue in Spanish",
        30,
        (
            Turn(_DIEGO, "Do you have the winter catalogue in Spanish, as PDF?"),
            Turn(
                at.AGENT_ID,
                "Hi Diego, yes, here it is.",
                hours=4,
                sets={"assignee_id": at.AGENT_ID, "priority": "low", "type": "question"}
                | {"tags": ["catalogue"], **solved("resolution_no_action")},
            ),
        ),
    ),
    Story(
        1033,
        "Rope recall: is ours affected?",
        2.1,
        (
            Turn(
                _RHYS,
                "I read about the recall of the Jotun 9.4 ropes. We have eight, bought in March. "
                "How do I see whether ours are affected?",
                sets={"tags": ["safety", "recall"]},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "Hi Rhys, please look at the white band at the rope's end: only lots 0311 to 0318 "
                "are affected. If you send me the numbers I check them for you.",
                hours=0.5,
                sets=area("area_returns", assignee_id=at.RETURNS_AGENT_ID, priority="urgent")
                | {"type": "question"},
            ),
            Turn(_RHYS, "Five of ours are 0313. Taken out of use at once.", hours=3),
            Turn(
                at.RETURNS_AGENT_ID,
                "Five replacements reserved. Supplier pays, booked under recall 24-07.",
                hours=1,
                note=True,
                sets={"custom_fields": [{"id": at.UNITS_FIELD_ID, "value": 5}]},
            ),
        ),
    ),
    Story(
        1034,
        "Change delivery address of NW-20940",
        0.1,
        (
            Turn(
                _CHLOE,
                "Bonjour, est-il encore possible de livrer la commande NW-20940 à mon bureau, "
                "12 rue des Alpes, Grenoble ?",
                sets={"tags": ["order"], "priority": "normal"},
            ),
        ),
    ),
    Story(
        1035,
        "App crashes when scanning a rental tag",
        10,
        (
            Turn(
                _DIEGO,
                "The rental app closes as soon as I scan a tag. Android 15, app 3.2.1. Yesterday "
                "it worked.",
                sets={"tags": ["app"]},
            ),
            Turn(
                at.AGENT_ID,
                "Hi Diego, version 3.2.2 is out since this morning and fixes this. Could you "
                "update and try again?",
                hours=15,
                sets={"assignee_id": at.AGENT_ID, "type": "incident", "priority": "high"}
                | {"brand_id": at.BASECAMP_BRAND_ID, "status": "pending"},
            ),
            Turn(_DIEGO, "Works again. Thanks for the quick fix!", hours=3),
            Turn(at.AGENT_ID, hours=1, sets=solved("resolution_fixed")),
        ),
    ),
    Story(
        1036,
        "Newsletter although unsubscribed",
        18,
        (
            Turn(
                at.INDEPENDENT_USER_ID,
                "I unsubscribed twice and still get the newsletter. Please delete my address.",
                sets={"tags": ["privacy"]},
            ),
            Turn(
                at.AGENT_ID,
                "Hi Grace, sorry. You were on two lists, now you are on none.",
                hours=28,
                sets={"assignee_id": at.AGENT_ID, "priority": "normal"}
                | solved("resolution_fixed"),
            ),
        ),
        channel="web",
    ),
    Story(
        1037,
        "Crampons do not fit the boots of the rental set",
        0.3,
        (
            Turn(
                at.REQUESTER_ID,
                "Four pairs of the crampons you sent have no heel lever for our boots (B1 boots, "
                "C2 crampons). The course is on Friday. Can you swap them by express?",
                sets={"tags": ["rental", "vip"], "priority": "urgent"},
            ),
        ),
    ),
)

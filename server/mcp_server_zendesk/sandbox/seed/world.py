"""Tickets 1020 to 1027: other languages, private tickets, rich HTML, attachments, old ones."""

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.seed.landmark_tickets import area, solved
from mcp_server_zendesk.sandbox.seed.story import Attached, Story, Turn, closing

_CHLOE = 41700000020234
_FIONA = 41700000020064
_OSKAR = 41700000020030
_CAMILA = 41700000020098

_STOCK_TABLE = (
    "<p>Hello,</p><p>this is what we counted after the course, compared with the delivery "
    "note:</p>"
    "<table><thead><tr><th>Item</th><th>Ordered</th><th>Received</th></tr></thead><tbody>"
    "<tr><td>Dovre shell, M</td><td>8</td><td>8</td></tr>"
    "<tr><td>Dovre shell, L</td><td>12</td><td>10</td></tr>"
    "<tr><td>Fonn stove</td><td>6</td><td>5</td></tr>"
    "</tbody></table>"
    "<p>So what is missing:</p><ul><li>two shells in <b>L</b></li><li>one stove</li></ul>"
    "<p>Kind regards<br>Oskar</p>"
)

_QUOTED_ANSWER = (
    "<p>Found the stove, it was in the van. The two shells are still missing.</p>"
    '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Marek Dvořák '
    '&lt;<a href="mailto:support@northwind-outdoor.example">support@northwind-outdoor.example</a>'
    '&gt; wrote:<br></div><blockquote class="gmail_quote">'
    "<p>Hi Oskar, thank you for the table. Our scale says the parcel left with the right weight. "
    "Could you look once more in the van and the drying room?</p><p>Marek<br>Northwind Outdoor"
    '</p><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Oskar Lindqvist wrote:'
    f'<br></div><blockquote class="gmail_quote">{_STOCK_TABLE}</blockquote></div>'
    "</blockquote></div>"
)

WORLD = (
    Story(
        at.JAPANESE_TICKET,
        "注文した登山靴のサイズ交換について",
        2.5,
        (
            Turn(
                at.JAPANESE_USER_ID,
                "お世話になっております。山野アウトドアの佐藤です。\n\n先日注文した登山靴"
                "(注文番号 NW-20844)10足のうち3足が表示と異なるサイズでした。26.5cmと書かれた"
                "箱に27cmの靴が入っています。来週の展示会で使いますので、交換品を早めに送って"
                "いただけますでしょうか。\n\nよろしくお願いいたします。\n佐藤 美咲",
                sets={"tags": ["exchange", "japan"]},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "佐藤様\n\nご連絡ありがとうございます。交換品3足を本日発送いたしました。"
                "箱の表示が違った靴は、同封の返送用ラベルでお送りください。\n\nTomás",
                hours=9,
                sets=area(
                    "area_returns",
                    assignee_id=at.RETURNS_AGENT_ID,
                    priority="high",
                    status="pending",
                ),
            ),
        ),
    ),
    Story(
        at.ARABIC_TICKET,
        "تأخر وصول الطلب رقم NW-20911",
        1.8,
        (
            Turn(
                at.ARABIC_USER_ID,
                "مرحبًا،\n\nطلبت خيمة وكيسي نوم قبل أسبوعين (رقم الطلب NW-20911) ولم يصل الطلب "
                "حتى الآن. صفحة التتبع لم تتغير منذ ستة أيام. رحلتنا يوم الخميس القادم، فهل "
                "يمكنكم إخباري أين الشحنة؟\n\nشكرًا لكم\nأمينة الحربي",
                sets={"tags": ["shipping"], "priority": "normal"},
            ),
        ),
    ),
    Story(
        at.PRIVATE_TICKET,
        "Stock count before the winter sale",
        8,
        (
            Turn(
                at.ADMIN_ID,
                "Internal: please count stoves and shells in both stores before the 20th. Put "
                "the numbers here as notes.",
                note=True,
                sets={
                    "type": "task",
                    "assignee_id": at.AGENT_ID,
                    "tags": ["internal"],
                },
                due_in_days=9,
            ),
            Turn(at.AGENT_ID, "Oslo: 41 stoves, 118 shells.", hours=26, note=True),
        ),
        channel="web",
    ),
    Story(
        at.SOLVE_BLOCKED_TICKET,
        "Gift card code is refused",
        0.7,
        (
            Turn(
                _CHLOE,
                "Bonjour, le code de ma carte cadeau est refusé : « code déjà utilisé ». Je ne "
                "l'ai jamais utilisé. Pouvez-vous vérifier ?",
                sets={"tags": ["gift_card"], "group_id": at.BILLING_GROUP_ID},
            ),
            Turn(
                at.TEAM_LEAD_ID,
                "Bonjour Chloé, pourriez-vous m'envoyer une photo du recto de la carte ?",
                hours=1,
                sets={"status": "open", "priority": "normal"},
            ),
        ),
    ),
    Story(
        at.TABLE_TICKET,
        "Delivery incomplete: count attached",
        9,
        (
            Turn(
                _OSKAR,
                html=_STOCK_TABLE,
                sets={"tags": ["delivery"]},
            ),
            Turn(
                at.AGENT_ID,
                html="<p>Hi Oskar, thank you for the table. Our scale says the parcel left with "
                "the right weight. Could you look once more in the van and the drying room?</p>",
                hours=7,
                sets=area(
                    "area_orders", assignee_id=at.AGENT_ID, status="pending", priority="normal"
                ),
            ),
            Turn(_OSKAR, html=_QUOTED_ANSWER, hours=22),
        ),
    ),
    Story(
        at.ATTACHMENT_TICKET,
        "Torn seam on the Kebne 2, with photos",
        5.5,
        (
            Turn(
                _FIONA,
                "The seam at the door is torn after one season. Photos and receipt attached.",
                attached=(
                    Attached("seam-door.jpg", "image/jpeg", 284_113),
                    Attached("seam-close.jpg", "image/jpeg", 310_422),
                    Attached("receipt NW-18220.pdf", "application/pdf", 48_190),
                ),
                sets={"tags": ["warranty"], "ticket_form_id": at.WARRANTY_FORM_ID},
            ),
            Turn(
                at.RETURNS_AGENT_ID,
                "Hi Fiona, that is a clear warranty case. Please send us the inner tent only, "
                "the label is attached.",
                hours=18,
                sets=area(
                    "area_returns",
                    assignee_id=at.RETURNS_AGENT_ID,
                    status="pending",
                    priority="normal",
                ),
                attached=(Attached("return-label.pdf", "application/pdf", 22_034),),
            ),
        ),
    ),
    Story(
        at.OLD_CLOSED_TICKET,
        "Discount for a school class",
        160,
        (
            Turn(at.REQUESTER_ID, "Is there a discount for classes of 25?"),
            Turn(
                at.AGENT_ID,
                "Yes, 15 % from 20 pieces on. The code is in your account.",
                hours=5,
                sets={"assignee_id": at.AGENT_ID, "tags": ["discount"]}
                | solved("resolution_no_action"),
            ),
            closing(96),
        ),
    ),
    Story(
        at.WARRANTY_CLOSED_TICKET,
        "Replacement buckle for the Sarek 60",
        75,
        (
            Turn(_CAMILA, "Two buckles broke in the cold. Can we get spare ones?"),
            Turn(
                at.RETURNS_AGENT_ID,
                "Four are in the post, no charge.",
                hours=3,
                sets={"assignee_id": at.RETURNS_AGENT_ID, "tags": ["warranty", "spare_part"]}
                | solved("resolution_replaced"),
            ),
            Turn(_CAMILA, "They fit, thank you!", hours=200),
            Turn(at.RETURNS_AGENT_ID, hours=2, sets={"status": "solved"}),
            closing(96),
        ),
    ),
)

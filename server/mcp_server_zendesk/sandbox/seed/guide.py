"""The Help Center of Northwind Outdoor: two categories, three sections, a few articles."""

from dataclasses import dataclass
from datetime import timedelta

from mcp_server_zendesk.sandbox import landmarks as at
from mcp_server_zendesk.sandbox.clock import stamp
from mcp_server_zendesk.sandbox.guide import DEFAULT_LOCALE, add_translation, article_record
from mcp_server_zendesk.sandbox.store import Store

_CATEGORIES = ((41700000066017, "Ordering"), (41700000066034, "Gear care and repair"))
_SECTIONS = (
    (at.RETURNS_SECTION, 41700000066017, "Returns and warranty"),
    (41700000067034, 41700000066017, "Shipping"),
    (41700000067051, 41700000066034, "Boots and shells"),
)


@dataclass(frozen=True)
class _Article:
    id: int
    section_id: int
    texts: dict[str, tuple[str, str]]
    labels: tuple[str, ...] = ()
    draft: bool = False
    promoted: bool = False


_RETURNING = (
    "<p>You can return unused items within <strong>60 days</strong>.</p><ol>"
    "<li>Open your order and choose <em>Return</em>.</li>"
    "<li>Print the label. In Sweden and Norway a QR code is enough.</li>"
    "<li>Hand the parcel in. The refund takes up to five working days.</li></ol>"
    "<p>Climbing ropes that were unpacked cannot be returned.</p>"
)
_WARRANTY = (
    "<p>Seams, zips and buckles for five years, worldwide.</p>"
    "<table><tr><th>Part</th><th>Years</th></tr><tr><td>Seams</td><td>5</td></tr>"
    "<tr><td>Coating</td><td>2</td></tr></table>"
)

_ARTICLES = (
    _Article(
        at.RETURNS_ARTICLE,
        at.RETURNS_SECTION,
        {
            "en-us": (
                "How to return an item",
                _RETURNING,
            ),
            "de": (
                "So senden Sie einen Artikel zurück",
                "<p>Unbenutzte Artikel nehmen wir <strong>60 Tage</strong> lang zurück.</p>",
            ),
        },
        labels=("returns", "refund"),
        promoted=True,
    ),
    _Article(
        41700000068034,
        at.RETURNS_SECTION,
        {
            "en-us": (
                "What the warranty covers",
                _WARRANTY,
            )
        },
        labels=("warranty",),
    ),
    _Article(
        41700000068051,
        41700000067034,
        {
            "en-us": (
                "Where is my parcel?",
                "<p>Parcels to the Nordics take two to four days, others up to nine.</p>",
            )
        },
        labels=("shipping",),
    ),
    _Article(
        41700000068068,
        41700000067051,
        {
            "en-us": (
                "Waxing leather boots",
                "<p>Brush them, let them dry, then rub the wax in with your fingers.</p>",
            )
        },
    ),
    _Article(
        at.DRAFT_ARTICLE,
        41700000067051,
        {"en-us": ("Rope recall 24-07", "<p>DRAFT: lots 0311 to 0318 are affected.</p>")},
        labels=("safety", "recall"),
        draft=True,
    ),
)


def add_guide(store: Store) -> None:
    """Adds it, a year old."""
    made = stamp(store.now() - timedelta(days=380))
    common = {"locale": DEFAULT_LOCALE, "source_locale": DEFAULT_LOCALE, "outdated": False}
    common |= {"description": "", "created_at": made}
    for position, (category_id, name) in enumerate(_CATEGORIES):
        store.add(
            store.categories, {**common, "id": category_id, "name": name, "position": position}
        )
    for position, (section_id, category_id, name) in enumerate(_SECTIONS):
        parents = {
            "category_id": category_id,
            "parent_section_id": None,
            "theme_template": "section",
        }
        store.add(
            store.sections,
            {**common, **parents, "id": section_id, "name": name, "position": position},
        )
    for position, one in enumerate(_ARTICLES):
        record = article_record(
            id=one.id,
            author_id=at.ADMIN_ID,
            section_id=one.section_id,
            position=position,
            promoted=one.promoted,
            label_names=list(one.labels),
            created_at=made,
            edited_at=made,
        )
        article = store.add(store.articles, record)
        for locale, (title, body) in one.texts.items():
            add_translation(store, article, locale, title=title, body=body, draft=one.draft)

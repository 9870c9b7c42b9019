"""The words of generated tickets: few enough that a search finds something."""

PRODUCTS = (
    "Sarek 60 backpack",
    "Kebne 2 tent",
    "Fonn stove",
    "Dovre shell",
    "touring skis",
    "climbing rope",
    "crampons",
    "gift card",
    "rental set",
    "headlamp",
)
STOVE = 2
"""The product that is recalled."""
PROBLEMS = (
    "has not arrived",
    "came damaged",
    "is the wrong size",
    "was charged twice",
    "needs a spare part",
    "does not work any more",
    "should be exchanged",
)
TAGS = ("shipping", "damage", "exchange", "payment", "spare_part", "repair", "returns")
"""One for each problem."""
GROUPS = (0, 1, 1, 2, 1, 0, 0)
"""Which group each problem goes to, of those that have agents."""
AREAS = (
    "area_orders",
    "area_returns",
    "area_returns",
    "area_account",
    "area_repair",
    "area_repair",
    "area_returns",
)
RESOLUTIONS = (
    "resolution_fixed",
    "resolution_refunded",
    "resolution_replaced",
    "resolution_no_action",
)
SALES_CHANNELS = ("channel_web", "channel_store", "channel_rental", "channel_partner")

CHANNELS = ("email",) * 7 + ("web",) * 5 + ("native_messaging", "native_messaging", "voice", "api")
TYPES = (None, "question", "incident", "task", "question", "incident", "question", "problem")
PRIORITY_PLACES = (0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 1)

RECALL = "stove_recall"
"""Only in the last `RECALLED_DAYS`."""
RECALLED_DAYS = 60
LOYALTY, FAX = "loyalty_club", "fax_order"
"""One grows from nothing, the other shrinks to nothing."""

ANSWERS = (
    "Hi {name},\n\nthank you for writing. We take care of order and refund today.",
    "Hello {name},\n\nsorry for the trouble. A replacement leaves our warehouse tomorrow.",
    "Hi {name},\n\nI have checked the order and asked the workshop. You hear from us soon.",
    "Dear {name},\n\nthat should not happen. The invoice is corrected, the money is on its way.",
)
QUESTIONS = (
    "Hi {name},\n\nthank you for writing. Could you send us a photo and the serial number?",
    "Hello {name},\n\nwhich size did you order, and which one came?",
    "Hi {name},\n\ncould you tell us the address that the parcel should have gone to?",
)
CAME_BACK = (
    "Thanks for the quick answer. Here is what you asked for, I hope that it helps.",
    "It is the large one, bought last winter. The receipt is in the other mail.",
    "The address is the one of our office. Nobody rang the bell.",
)
SOLUTIONS = (
    "Hi {name},\n\nthis is done now. Enjoy your next trip!",
    "Hello {name},\n\nthe parcel is on its way, the tracking number is in your account.",
    "Hi {name},\n\nthe amount is refunded to your card. It may take three days.",
)
REOPENED = (
    "I am sorry, but it happened again. Could you look once more?",
    "Nothing has arrived so far. What is the matter?",
)
NOTES = (
    "Asked the warehouse, they call back tomorrow.",
    "Same as last week's batch. Waiting for the workshop.",
)
THANKS = ("Quick and friendly, thank you!", "Great service.", "All good now.")
COMPLAINTS = ("It took far too long.", "Nobody read what I wrote.", "The answer did not help.")
REASONS = (
    (1_001, "The issue took too long to resolve"),
    (1_002, "The issue was not resolved"),
    (1_003, "The agent's knowledge is unsatisfactory"),
)

"""`make bench`: what the cleaner costs, and what folding quoted history saves.

Medians of several runs in this process; the texts are made here, so that they are always the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from mcp_server_zendesk.serving.cleaning.text import clean_line, clean_message, clean_text

RUNS = 9
SECONDS_A_RUN = 0.05

COMMENT = (
    '<div class="zd-comment" dir="auto"><p dir="auto">Hi Marek,</p><p dir="auto">the zip of my '
    '<strong>Kebne 2</strong> broke on the first night. See <a href="https://northwind.example/r" '
    'rel="noreferrer">your returns page</a>; I tried:</p><ul><li>soap</li><li>a new slider</li>'
    '</ul><p dir="auto"><img src="https://northwind.example/a/zip.jpg" alt="zip"></p>'
    '<p dir="auto">Order 48-1123, bought in May.<br>Best, Lena</p></div>'
)
NEWS = (
    "<style>body{margin:0}.pre{display:none}.btn{background:#06c;color:#fff}@media print{p{color:"
    "#000}}</style><table><tr><td style='padding:0'><span class='pre'>Save now</span><table>"
    + "<tr><td bgcolor='#222222'><font color='#ffffff'>Autumn <b>sale</b></font></td></tr>"
    "<tr><td style='font-size:14px;color:#333'>Boots, tents and <a class='btn' "
    "href='https://shop.example/?u=1'>more</a></td></tr>" * 60 + "</table></td></tr></table>"
)
TURN = (
    '<div>Thanks, that helps. I send the tent on Monday.</div><div class="gmail_quote"><div '
    'class="gmail_attr">On Tue, 3 Mar 2026 at 10:11, Northwind &lt;h@n.example&gt; wrote:</div>'
    "<blockquote>{}</blockquote></div>"
)
HOSTILE = {
    "rules x elements": "<style>"
    + "".join(f".a.b{number}{{color:red}}" for number in range(900))
    + "</style>"
    + "".join(f"<p class='a b{number}'>x" for number in range(1_500)),
    "deep quotes": "<blockquote>" * 40 + "x<br>" * 12_000,
    "angles": "<" * 64_000,
    "styles": "".join(f"<p style='color:#{number:06x}'>x" for number in range(2_300)),
}


def thread(turns: int) -> str:
    """A mail that quotes all that was said before."""
    html = COMMENT
    for _ in range(turns):
        html = TURN.format(html)
    return html


def main() -> None:
    """Print the figures."""
    print(f"the cleaner, median of {RUNS} runs")
    long = thread(25)
    plain = "Hello, the zip broke on the first night. https://northwind.example/r\n" * 200
    row("a subject", "Zip of the Kebne 2 broke on the first night", clean_line)
    row("plain text", plain, lambda text: clean_text(text, 65_536))
    row("a typical comment", COMMENT, html)
    row("a newsletter with styles", NEWS, html)
    row("a long thread of mails", long, html)
    for name, text in HOSTILE.items():
        row(f"hostile: {name}", text[:64_000], html)
    print("\nquoted history, characters that a model reads")
    for turns in (2, 5, 10):
        whole = len(clean_message(thread(turns), None, 65_536, unfold=True).text)
        folded = len(clean_message(thread(turns), None, 65_536).text)
        print(f"  {turns:>2} turns  {whole:>6} -> {folded:>4}")


def html(text: str) -> object:
    return clean_message(text, None, 65_536)


def row(name: str, text: str, clean: Callable[[str], object]) -> None:
    seconds = statistics.median(once(clean, text) for _ in range(RUNS))
    print(
        f"  {name:<28} {len(text):>6} characters  {seconds * 1e6:>9,.0f} µs"
        f"  {len(text.encode()) / seconds / 1e6:>6.1f} MB/s"
    )


def once(clean: Callable[[str], object], text: str) -> float:
    """Seconds that one cleaning takes."""
    begun = time.perf_counter()
    times = 0
    while (passed := time.perf_counter() - begun) < SECONDS_A_RUN:
        clean(text)
        times += 1
    return passed / times


if __name__ == "__main__":
    main()

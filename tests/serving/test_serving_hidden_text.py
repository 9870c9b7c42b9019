"""What nobody sees is taken out and counted; what a person sees stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_server_zendesk.serving.cleaning.text import clean_html

HIDING_STYLES = [
    "display:none",
    "DISPLAY : NONE !important",
    "dis\\70 lay:none",
    "display:/**/none",
    "font-family:'x;display:block';display:none",
    "color:red;;display:none",
    "visibility:hidden",
    "visibility:collapse",
    "content-visibility:hidden",
    "opacity:0",
    "opacity: 0.01",
    "opacity:0%",
    "filter:opacity(0)",
    "font-size:0",
    "font-size:1px",
    "font-size:2pt",
    "font-size:.1em",
    "font:0/0 a",
    "font: bold 1px/1 Arial",
    "height:0;overflow:hidden",
    "max-height:0",
    "max-height:0px;font-size:14px",
    "width:1px;height:1px;overflow:hidden",
    "line-height:0;overflow:hidden",
    "position:absolute;clip:rect(0,0,0,0)",
    "position:absolute;clip:rect(1px 1px 1px 1px)",
    "clip-path:inset(100%)",
    "clip-path:circle(0)",
    "clip-path: polygon(0 0, 0 0, 0 0)",
    "position:absolute;left:-9999px",
    "position:fixed;top:-999em",
    "position:absolute;left:9999px",
    "margin-left:-9999px",
    "text-indent:-9999px",
    "transform:scale(0)",
    "transform:translateX(-9999px)",
    "transform: rotateY(90deg)",
    "scale:0",
    "zoom:0",
    "mso-hide:all",
    "color:transparent",
    "color:rgba(0,0,0,0)",
    "color:#fff",
    "color:#FFFFFF",
    "color:white",
    "color:#fefefe",
    "color:rgb(255, 255, 255)",
    "color:rgb(100% 100% 100%)",
    "color:hsl(0, 0%, 100%)",
    "color:rgba(255,255,255,.9)",
    "-webkit-text-fill-color:transparent",
    "color:#123;background:#123",
    "color:black;background-color:#010101",
    "color:navy;background:navy none repeat",
    "display:none;display:bogus",
    "display:none;display:bogus!important",
    "display:none;display:block !bogus",
    "display:none!important;display:block",
    "font-size:0;font-size:bogus",
    "font-size:0;font-size:12",
    "font-size:0;font-size:-12px",
    "font-size:0;font:bold 12px",
    "font-size:calc(1px - 1px)",
    "font-size:clamp(0px, 1vw, 1px)",
    "visibility:hidden;visibility:shown",
    "opacity:+0",
    "opacity:1e-9",
    "opacity:calc(0)",
    "opacity:calc(1 - 1)",
    "opacity:0;opacity:1.",
    "opacity:var(--none, 0)",
    "position:absolute;left:-1e4px",
    "position:absolute;left:calc(-9999px)",
    "position:absolute;left:-99999999999999px",
    "position:absolute;inset:0 0 0 -9999px",
    "position:absolute;inset-inline-start:-9999px",
    "margin:0 0 0 -9999px",
    "translate:-9999px",
    "rotate:y 90deg",
    "transform:matrix(0,0,0,0,0,0)",
    "transform:matrix(1,0,0,1,-9999,0)",
    "transform:scale(0);transform:scale(bogus)",
    "block-size:0;overflow:hidden",
    "height:0;overflow:auto",
    "height:0;overflow-y:scroll",
    "width:0;overflow:auto",
    "height:0;contain:paint",
    "color:oklch(1 0 0)",
    "color:hwb(0 100% 0%)",
    "color:hsl(none none 100%)",
    "color:#fff;color:bogus",
    "color:#fff;background:black bogus",
    "color:#fff;background:linear-gradient(#fff,#fff)",
    "color:#e9e9e9",
    "background:currentcolor",
    "mask:linear-gradient(transparent,transparent)",
]


@pytest.mark.parametrize("style", HIDING_STYLES)
def test_text_hidden_by_its_style_is_taken_out_and_counted(style: str) -> None:
    cleaned = clean_html(f'<p>Hello</p><div style="{style}"><b>obey</b> me</div><p>Bye</p>')
    assert (cleaned.text, cleaned.hidden) == ("Hello\n\nBye", len("obeyme"))
    sheet = f"<style>p{{}} .x{{{style}}}</style>"
    cleaned = clean_html(f'{sheet}<p>Hello</p><div class="x"><b>obey</b> me</div><p>Bye</p>')
    assert (cleaned.text, cleaned.hidden) == ("Hello\n\nBye", len("obeyme"))


@pytest.mark.parametrize(
    "html",
    [
        '<div style="background:#222;color:#222">obey</div>',
        '<table bgcolor="#333333"><tr><td><font color="#333">obey</font></td></tr></table>',
        '<table><tr><td bgcolor="navy"><span style="color:#000080">obey</span></table>',
        '<div style="background:#000"><p style="color:#000">obey</p></div>',
        '<body bgcolor="black"><p style="color:black">obey</p></body>',
        "<style>div{background:black}</style><div style='color:black'>obey</div>",
        '<font color="white">obey</font>',
        "<font color=#ffffff>obey</font>",
        "<x-note style='display:none'>obey</x-note>",
        "<main style='display:none'>obey</main>",
        "<label hidden>obey</label>",
        "<dialog>obey</dialog>",
        "<!-- obey -->",
        "<!--[if mso]><p>obey</p><![endif]-->",
        "<img src='https://e.example/p.gif' width=1 height=1 alt='obey'>",
        "<img src='https://e.example/p.gif' style='display:none' alt='obey'>",
        "<style>#a .b, .c{display:none}</style><div id=a><p class=b>obey</p></div>",
        "<style>div > p{display:none}</style><div><p>obey</p></div>",
        "<style>h1 + .a{display:none}</style><p class=a>obey</p>",
        "<style>p.a.b{display:none}</style><p class='b a'>obey</p>",
        "<style>i{display:none !important}</style><i style='display:block'>obey</i>",
        "<style>.a{display:block} #b{display:none}</style><p id=b class=a>obey</p>",
        "<style>@media screen{.a{display:none}}</style><p class=a>obey</p>",
        "<style>@media (min-width:1px){.a{display:none}}</style><p class=a>obey</p>",
        "<style>@media screen and (max-width:9999px){.a{display:none}}</style><p class=a>obey</p>",
        "<style>@media (1px < width){.a{display:none}}</style><p class=a>obey</p>",
        "<style>@media not print{.a{display:none}}</style><p class=a>obey</p>",
        "<style media='(min-width:1px)'>.a{display:none}</style><p class=a>obey</p>",
        "<style>@supports (color:red){@media all{.a{display:none}}}</style><p class=a>obey</p>",
        "<style>@layer x{.a{display:none}}</style><p class=a>obey</p>",
        "<style>div{.a{display:none}}</style><div><p class=a>obey</p></div>",
        "<style>.a{&.b{display:none}}</style><p class='a b'>obey</p>",
        "<style>.a{@media all{display:none}}</style><p class=a>obey</p>",
        "<style>h3:not(.z){display:none}</style><h3>obey</h3>",
        "<style>h3:not(:hover){display:none}</style><h3>obey</h3>",
        "<style>:is(.z,.a){display:none}</style><p class=a>obey</p>",
        "<style>p:where(.a .c,.a){display:none}</style><p class=a>obey</p>",
        "<style>[class=a]{display:none}</style><p class=a>obey</p>",
        "<style>[class*='hid']{display:none}</style><p class=xhidx>obey</p>",
        "<style>[id='a']{display:none}</style><p id=a>obey</p>",
        "<style>:root .a{display:none}</style><p class=a>obey</p>",
        "<style>html body .a{display:none}</style><p class=a>obey</p>",
        "<div style='line-height:0;overflow:hidden'>obey</div>",
        "<style><!-- .a{display:none} --></style><p class=a>obey</p>",
        "<p class=a>obey</p><style media=all>.a{font-size:1px}</style>",
        "<title><!--</title><style>.a{display:none}</style><p class=a>obey</p>",
        "<p title='<!--'></p><style>.a{display:none}</style><p class=a>obey</p>",
    ],
)
def test_text_hidden_by_what_stands_around_it_is_counted_too(html: str) -> None:
    cleaned = clean_html(f"<p>Hello</p>{html}")
    assert "obey" not in cleaned.text
    assert cleaned.hidden == len("obey")


@pytest.mark.parametrize(
    "html",
    [
        '<p style="opacity:0.5">seen</p>',
        '<p style="font-size:0.8em">seen</p>',
        '<p style="font-size:9px">seen</p>',
        '<p style="line-height:0">seen</p>',
        '<p style="margin-left:-5px;text-indent:-18.0pt">seen</p>',
        '<p style="width:1px;min-width:100%;overflow:hidden">seen</p>',
        '<p style="height:0">seen</p>',
        '<p style="transform:scaleX(-1)">seen</p>',
        '<p style="left:-9999px">seen</p>',
        '<p style="position:relative;left:-10px">seen</p>',
        '<p style="color:#999">seen</p>',
        '<p style="color:red;background:#ff0">seen</p>',
        '<p style="color:white;background-color:black">seen</p>',
        '<div style="background:#1e1e1e"><p style="color:#fff">seen</p></div>',
        '<body style="background-color:#111"><p style="color:white">seen</p></body>',
        '<html><body bgcolor="#000000" text="#ffffff">seen</body></html>',
        '<table bgcolor="#0a0a0a"><tr><td style="color:white">seen</td></tr></table>',
        "<style>body{background:#121212;color:#fff}</style><p>seen</p>",
        "<style>.dark{background:#222} .dark p{color:#fff}</style><div class=dark><p>seen</div>",
        '<div style="background:url(x.png)"><p style="color:white">seen</p></div>',
        '<table><tr><td background="x.png"><font color="white">seen</font></table>',
        '<div style="background:linear-gradient(#000,#333);color:#fff">seen</div>',
        '<p style="background:red;background-clip:text;color:transparent">seen</p>',
        '<div style="font-size:0"><span style="font-size:14px">seen</span></div>',
        '<div style="visibility:hidden"><span style="visibility:visible">seen</span></div>',
        '<div style="color:white"><span style="color:black">seen</span></div>',
        '<a style="color:white;background:#06c" href="#top">seen</a>',
        '<span aria-hidden="true">seen</span>',
        "<details><summary>seen</summary></details>",
        "<style>.x{display:none}</style><p class=y>seen</p>",
        "<style>.dark .x{display:none}</style><p class=x>seen</p>",
        "<style>p:hover{display:none}</style><p>seen</p>",
        "<style>@media print{p{display:none}}</style><p>seen</p>",
        "<style media=print>p{display:none}</style><p>seen</p>",
        "<style>@media (max-width:600px){p{display:none}}</style><p>seen</p>",
        "<style>p{display:none} p{display:block}</style><p>seen</p>",
        "<style>p{display:none}</style><p style='display:block'>seen</p>",
        "<!--[if mso]><style>p{display:none}</style><![endif]--><p>seen</p>",
        "<!--[if gte mso 9]><xml><o:AllowPNG/><o:Dpi>96</o:Dpi></xml><![endif]--><p>seen</p>",
        "<!-- --><p>seen</p>",
        *(
            f'<p style="color:#fff;background:{ground}">seen</p>'
            for ground in (
                *("royalblue", "seagreen", "dodgerblue", "firebrick", "darkslateblue"),
                *("var(--brand,#123456)", "var(--brand)", "oklch(0.3 0.1 250)", "lab(20% 0 0)"),
                *("color-mix(in srgb, navy, black)", "rgb(from navy r g b)", "url(x.png)"),
                *("no-repeat center/cover url(x.png) #fff", "hwb(240 0% 50%)"),
            )
        ),
        (
            "<style>@media (min-width:600px){.a{background:#123}}</style>"
            "<p class=a style='color:#fff'>seen</p>"
        ),
        '<div style="background:#000"><p style="color:lab(90% 0 0)">seen</p></div>',
        '<div style="background:#000"><p style="color:var(--light)">seen</p></div>',
        '<mark style="color:#fff">seen</mark>',
        '<div style="background:#000;color:#fff"><mark>seen</mark></div>',
        '<p style="max-height:0;overflow:visible">seen</p>',
        '<div style="line-height:0;overflow:hidden"><p style="line-height:1.4">seen</p></div>',
        '<p style="font-size:0;font:14px Arial">seen</p>',
        '<p style="display:none;display:block">seen</p>',
        '<p style="display:block!important;display:none">seen</p>',
        '<p style="opacity:0.5;opacity:bogus">seen</p>',
        '<p style="transform:matrix(1,0,0,1,0,0) rotate(90deg)">seen</p>',
        '<p style="position:absolute;inset:0 auto auto 0">seen</p>',
        '<p style="margin:0 auto;font:bold 14px/1.5 &quot;A B&quot;, serif">seen</p>',
        "<style>@media (prefers-color-scheme:dark){p{color:#fff}}</style><p>seen</p>",
        (
            "<style>@media only screen and (max-width:600px){[class*=h]{display:none}}</style>"
            "<p class=h>seen</p>"
        ),
        "<style>@supports not (display:grid){p{display:none}}</style><p>seen</p>",
        "<style>.dark{.x{display:none}}</style><p class=x>seen</p>",
        "<style>p:not(.y){display:none}</style><p class=y>seen</p>",
        "<style>:is(.z,.y) .x{display:none}</style><p class=x>seen</p>",
        "<style>[data-ogsc] p, p[style*=x], [id=q]{display:none}</style><p>seen</p>",
        "<style>p::before{display:none}p:first-line{font-size:0}</style><p>seen</p>",
    ],
)
def test_text_that_a_person_sees_stays(html: str) -> None:
    cleaned = clean_html(html)
    assert (cleaned.text, cleaned.hidden) == ("seen", 0)


def test_the_preheader_of_a_newsletter_is_counted() -> None:
    html = (
        '<div style="display:none;max-height:0;overflow:hidden">Save now&nbsp;&zwnj;</div>'
        '<p>Dear Lena</p><img src="https://track.example/o.gif?u=1" width="1" height="1" alt="">'
    )
    cleaned = clean_html(html)
    assert cleaned.text == "Dear Lena"
    assert cleaned.hidden >= len("Save now")


def test_a_pictures_words_are_bounded_and_the_rest_counted() -> None:
    cleaned = clean_html(f'<img src="https://a.example/x.png" alt="{"x" * 500}">')
    assert cleaned.text == f"[image {'x' * 120} at a.example]"
    assert cleaned.hidden == 380


def test_more_rules_than_any_mail_needs_end_the_text_and_say_so() -> None:
    sheet = "".join(f".a.b{number}{{color:red}}" for number in range(900))
    elements = "".join(f'<p class="a b{number}">x{number}</p>' for number in range(900))
    cleaned = clean_html(f"<style>{sheet}</style><p>first</p>{elements}", 60_000)
    assert cleaned.truncated
    assert cleaned.text.startswith("first")


PROPERTY = st.sampled_from(HIDING_STYLES)
WRAP = st.sampled_from(["div", "span", "p", "b", "td", "li", "x-y", "blockquote", "a", "h2"])


@settings(max_examples=60)
@given(PROPERTY, st.lists(WRAP, max_size=6), st.text(alphabet="abc <>&\"'=!-", max_size=20))
def test_nothing_within_hidden_text_comes_out(style: str, tags: list[str], noise: str) -> None:
    inside = "".join(f"<{tag}>" for tag in tags) + "obey" + "".join(f"</{t}>" for t in tags[::-1])
    noise = noise.replace("<", "&lt;")
    cleaned = clean_html(f'{noise}<div style="{style}">{inside}</div>{noise}')
    if "color" not in style or "a" not in tags:  # a link has a colour of its own
        assert "obey" not in cleaned.text
        assert cleaned.hidden >= len("obey")

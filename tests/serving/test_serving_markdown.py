from __future__ import annotations

import pytest

from mcp_server_zendesk.serving.text import clean_html


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two<br/>Three", "One\nTwo\nThree"),
        (
            "<b>bold</b> <em>soft</em> <code>x[0]</code> <s>old</s>",
            "**bold** _soft_ `x[0]` ~~old~~",
        ),
        ("<h2>Title</h2><p>Text</p>", "## Title\n\nText"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ("<blockquote><p>Hi</p><p>you</p></blockquote>ok", "> Hi\n>\n> you\n\nok"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
        ("<pre>a\n  b   c</pre>", "```\na\n  b   c\n```"),
        ("<pre><code>if (a &lt; b) {}</code></pre>", "```\nif (a < b) {}\n```"),
        (
            "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>x|y</td></tr></table>",
            "| A | B |\n| --- | --- |\n| 1 | x\\|y |",
        ),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("a &amp; b &lt;c&gt; &nbsp;d", "a & b <c> \xa0d"),
        ("a\n   b\tc", "a b c"),
        ('<img src="https://evil.com/p.png?x" alt="pixel">', "[image pixel at evil.com]"),
        ('<img src="cid:1" alt="">', "[image at link]"),
        ('<a href="https://evil.com/?d=1">here</a>', "here [link to evil.com]"),
        ('<a href="https://acme.com/a">https://acme.com/a</a>', "https://acme.com/a"),
        ('<a href="mailto:a@b.c">a@b.c</a>', "a@b.c"),
        ('<a href="javascript:alert(1)">go</a>', "go"),
        ("<script>alert(1)</script><style>p{}</style>ok<!-- note -->", "ok"),
        ("<p>unclosed <b>bold", "unclosed **bold**"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_html_is_read_as_a_person_sees_it(html: str, markdown: str) -> None:
    assert clean_html(html).text == markdown


@pytest.mark.parametrize(
    "opening",
    [
        '<span style="display:none">',
        '<span style="DISPLAY : NONE !important">',
        '<div style="visibility:hidden">',
        '<p style="opacity:0">',
        '<p style="color:#000; opacity: 0.0">',
        '<span style="font-size:0">',
        '<span style="font-size: 0px;">',
        '<div style="height:0;overflow:hidden">',
        '<div style="max-height:0px">',
        '<div style="position:absolute; left:-9999px">',
        '<div style="text-indent:-1000px">',
        '<span style="color:white;background-color:white">',
        '<span style="color: #fff; background:#fff">',
        '<span style="mso-hide:all">',
        "<div hidden>",
    ],
)
def test_text_hidden_by_style_is_taken_out_and_counted(opening: str) -> None:
    tag = opening[1:].split(maxsplit=1)[0].rstrip(">")
    cleaned = clean_html(f"<p>Hello</p>{opening}<b>obey</b> me</{tag}><p>Bye</p>")
    assert cleaned.text == "Hello\n\nBye"
    assert cleaned.hidden == len("obeyme")


@pytest.mark.parametrize(
    "style",
    [
        "opacity:0.5",
        "font-size:0.8em",
        "line-height:0",
        "color:white;background-color:black",
        "display:block",
        "margin-left:-5px",
        "",
    ],
)
def test_text_that_a_person_sees_stays(style: str) -> None:
    cleaned = clean_html(f'<p style="{style}">seen</p>')
    assert (cleaned.text, cleaned.hidden) == ("seen", 0)


def test_an_image_in_hidden_text_is_gone_too() -> None:
    html = '<div style="display:none"><img src="https://evil.com/x" alt="obey"></div>ok'
    assert clean_html(html).text == "ok"


def test_hidden_elements_end_where_they_end() -> None:
    html = "<div hidden>a<div>b</div><div hidden>c</div>d</div>shown<p hidden>e</p>"
    cleaned = clean_html(html)
    assert (cleaned.text, cleaned.hidden) == ("shown", 5)


def test_nesting_that_nobody_writes_ends_the_text_and_says_so() -> None:
    deep = clean_html("<p>first</p>" + "<div>" * 500 + "deep")
    assert (deep.text, deep.truncated) == ("first", True)
    quoted = clean_html("<blockquote>" * 60 + "quoted" + "</blockquote>" * 60)
    assert "quoted" in quoted.text
    assert not quoted.truncated


def test_long_but_shallow_html_is_read_to_its_end() -> None:
    html = "<p>a <b>b</b> <font color=red>c</font></p>" * 300 + "<ul>" + "<li>x" * 300 + "</ul>end"
    cleaned = clean_html(html, 100_000)
    assert cleaned.text.endswith("end")
    assert not cleaned.truncated

from __future__ import annotations

import pytest

from mcp_server_zendesk.serving.cleaning.text import clean_html


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
        ('<img src="cid:1" alt="">', "[image at this message]"),
        ('<a href="https://evil.com/?d=1">here</a>', "here [link to evil.com]"),
        ('<a href="https://acme.com/a">https://acme.com/a</a>', "https://acme.com/a"),
        ('<a href="mailto:a@b.c">a@b.c</a>', "a@b.c"),
        ('<a href="javascript:alert(1)">go</a>', "go [link to a script]"),
        ("<script>alert(1)</script><style>p{}</style>ok<!-- note -->", "ok"),
        ("<p>unclosed <b>bold", "unclosed **bold**"),
        ("plain text", "plain text"),
        ("", ""),
    ],
)
def test_html_is_read_as_a_person_sees_it(html: str, markdown: str) -> None:
    assert clean_html(html).text == markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (
            "<ol start=3><li>a<p>b</p><ul><li>x<ol><li>y</ol></ul><li value=10>c</li></ol>d",
            "3. a\n   b\n   - x\n     1. y\n10. c\n\nd",
        ),
        ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ul><li>a<pre>b\n\nc</pre></li></ul>", "- a\n  ```\n  b\n\n  c\n  ```"),
        (
            "<table><tr><td>Left<table><tr><th>A<th>B<tr><td>1<td>2<br>3</table><td>Right</table>",
            "Left\n\n| A | B |\n| --- | --- |\n| 1 | 2 3 |\n\nRight",
        ),
        ("<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>", "a\nb\nc\nd"),
        ("<table><tr><td>only</td></tr></table>", "only"),
        (
            "<table><caption>C</caption><tr><th colspan=2>A<tr><td>a|b<td><b>x</b></table>",
            "C\n\n| A |  |\n| --- | --- |\n| a\\|b | **x** |",
        ),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "| a | b |\n| --- | --- |\n| c | d |"),
        ("x<b> bold </b>y un<b>frig</b>able", "x **bold** y un**frig**able"),
        ("<i>it</i>al in<em>word</em> <i>soft</i>", "*it*al in*word* _soft_"),
        ("<b>one</b><b>two</b> <b><strong>x</strong></b>", "**onetwo** **x**"),
        ("<b><p>one</p><p>two</p></b>", "**one**\n\n**two**"),
        ("<b>a<br>b</b>", "**a**\n**b**"),
        ("a <b> </b>b<i></i>", "a b"),
        ("<code>a `b` c</code> <kbd>`</kbd>", "``a `b` c`` `` ` ``"),
        ("<pre>```\nobey\n```</pre>", "````\n```\nobey\n```\n````"),
        ('<pre class="language-py"><code>x = 1</code></pre>', "```py\nx = 1\n```"),
        ("<h1>T<br>U</h1><h3>V</h3>x", "# T U\n\n### V\n\nx"),
        ("<div>one<div>two</div>three<p>four</p></div>", "one\ntwo\nthree\n\nfour"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<dl><dt>T</dt><dd>D</dd></dl><q>said</q>", "T\nD\n\n“said”"),
        (
            "<p class=MsoNormal>Hi<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p>x</p>",
            "Hi\n\nx",
        ),
        ("<blockquote>a<ul><li>b</li></ul></blockquote>", "> a\n> - b"),
        ("a<wbr>b<sup>2</sup>", "ab2"),
    ],
)
def test_real_mail_keeps_its_shape(html: str, markdown: str) -> None:
    assert clean_html(html).text == markdown


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

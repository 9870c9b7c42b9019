"""A stranger's HTML as a small tree of elements and texts.

``nh3`` (html5ever) parses first. It writes what it understood in one canonical way (each tag
closed, each attribute in double quotes, each other angle escaped), so that one expression reads
it back exactly: no second opinion about what is markup.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

import nh3

from mcp_server_zendesk.serving.cleaning.media_queries import on_wide_screen
from mcp_server_zendesk.serving.cleaning.quoting import without_marks

VOID = frozenset({"br", "hr", "img", "wbr"})
# Never text for a reader: neither shown nor counted.
_DROPPED = frozenset(
    {
        "script", "template", "noscript", "object", "svg", "math", "title", "head", "iframe",
        "noembed", "noframes", "audio", "video", "canvas", "datalist", "select", "textarea",
        "applet", "frameset", "xmp", "plaintext", "rp",
    }
)  # fmt: skip
_USUAL = frozenset(
    {
        "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br",
        "button", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details",
        "dfn", "dialog", "dir", "div", "dl", "dt", "em", "fieldset", "figcaption", "figure",
        "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr",
        "i", "img", "ins", "kbd", "label", "legend", "li", "main", "map", "mark", "menu", "nav",
        "nobr", "ol", "p", "picture", "pre", "q", "s", "samp", "section", "small", "span",
        "strike", "strong", "style", "sub", "summary", "sup", "table", "tbody", "td", "tfoot",
        "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr", "zd-body",
    }
)  # fmt: skip
_ATTRIBUTES = {
    "*": {
        "style", "hidden", "class", "id", "bgcolor", "background", "color", "type", "width",
        "height", "text", "role",
    },
    "a": {"href"},
    "img": {"alt", "src"},
    "ol": {"start"},
    "li": {"value"},
    "td": {"colspan"},
    "th": {"colspan"},
    "style": {"media"},
    "dialog": {"open"},
}  # fmt: skip
_SCHEMES = {
    "http", "https", "ftp", "mailto", "tel", "cid", "mid", "data", "blob", "javascript",
    "vbscript", "file",
}  # fmt: skip
# What html5ever repeats after each misnested paragraph, what never nests, and how deep people go.
_REPEATED = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong"}
_FLAT = {*VOID, "p", "li", "td", "th", "tr", "dd", "dt", "col", "input", "link", "meta"}
_MAX_REPEATED = 16
_MAX_NESTED = 100
_DEEPEST = 160
_MAX_SAFE_CHARACTERS = 400_000
_MOST_UNUSUAL = 40
_NESTING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]{0,30})")
_BODY = re.compile(r"<(/?)(?:body|html)(?=[\s/>])", re.IGNORECASE)
_TOKEN = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r'|<style(?P<sheet>(?: [^\s"=>]+="[^"]*")*)>(?P<css>.*?)</style>'
    r'|<(?P<tag>[a-z][a-z0-9-]*)(?P<attributes>(?: [^\s"=>]+="[^"]*")*)>'
    r"|</(?P<end>[a-z][a-z0-9-]*)>"
    r"|(?P<text>[^<]+|<)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r' ([^\s"=>]+)="([^"]*)"')
_MARKUP = re.compile(
    r"<style\b[^<]*|\[(?:if|end ?if)[^\[\]<>]{0,200}\]>?|<!(?=\[)|<[^<>]*>|&[a-z]{2,8};|\s+",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2}")


@dataclass(slots=True)
class Element:
    """An element with what stands in it. ``has_table`` tells of a table anywhere below."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)
    has_table: bool = False


@dataclass(slots=True)
class Tree:
    """What was parsed. ``commented`` counts characters in comments; ``whole``: that is all."""

    root: Element
    sheets: list[str]
    commented: int
    whole: bool


def parse(html: str) -> Tree:
    """The tree of any string at all."""
    shallow = _shallow_part(html)
    # A body within a fragment would be lost, and its background with it.
    source = _BODY.sub(r"<\1zd-body", shallow.encode(errors="ignore").decode())
    safe = _cleaner(_unusual(source)).clean(source)
    root, sheets, commented, complete = _built(without_marks(safe[:_MAX_SAFE_CHARACTERS]))
    whole = complete and len(shallow) == len(html) and len(safe) <= _MAX_SAFE_CHARACTERS
    return Tree(root, sheets, commented, whole)


def _unusual(html: str) -> frozenset[str]:
    """Elements of their own making, which may hide what they hold like any other."""
    found = {match[2].lower() for match in _NESTING.finditer(html)} - _USUAL - _DROPPED
    return frozenset(sorted(tag for tag in found if "-" in tag)[:_MOST_UNUSUAL])


@lru_cache(maxsize=16)
def _cleaner(unusual: frozenset[str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_USUAL | unusual),
        clean_content_tags=set(_DROPPED),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        url_schemes=set(_SCHEMES),
        strip_comments=False,
        link_rel=None,
    )


def _shallow_part(html: str) -> str:
    """What comes before nesting that nobody writes: parsing costs its depth times its length."""
    opened: Counter[str] = Counter()
    nested = repeated = 0
    for found in _NESTING.finditer(html):
        tag = found[2].lower()
        step = -1 if found[1] else 1
        if tag in _FLAT or opened[tag] + step < 0:
            continue
        opened[tag] += step
        nested += step
        repeated += step if tag in _REPEATED else 0
        if nested > _MAX_NESTED or repeated > _MAX_REPEATED:
            return html[: found.start()]
    return html


def _built(safe: str) -> tuple[Element, list[str], int, bool]:
    root = Element("root")
    stack = [root]
    sheets: list[str] = []
    commented = 0
    for token in _TOKEN.finditer(safe):
        kind = token.lastgroup
        if kind == "text":
            if token[0] == "<":  # only where the end was cut off
                return root, sheets, commented, False
            stack[-1].children.append(_unescaped(token[0]))
        elif kind == "attributes":
            tag = token["tag"]
            element = Element(tag, _attributes(token["attributes"]))
            stack[-1].children.append(element)
            if tag not in VOID:
                stack.append(element)
                if len(stack) > _DEEPEST:
                    return root, sheets, commented, False
        elif kind == "end":
            _close(stack, token["end"])
        elif kind == "css":
            if _applies(token["sheet"]):
                sheets.append(token["css"])
        else:
            commented += _said(token["comment"])
    return root, sheets, commented, True


def _close(stack: list[Element], tag: str) -> None:
    if len(stack) > 1 and stack[-1].tag == tag:
        closed = stack.pop()
        stack[-1].has_table |= closed.has_table or tag == "table"


def _attributes(written: str) -> dict[str, str]:
    if not written:
        return {}
    return {name: _unescaped(value) for name, value in _ATTRIBUTE.findall(written)}


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    text = text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&quot;", '"').replace("&amp;", "&")


def _applies(sheet: str) -> bool:
    """Whether a style element is for a screen."""
    return on_wide_screen(_attributes(sheet).get("media", ""))


def _said(comment: str) -> int:
    """Characters of a comment that a person could read; markup for Outlook alone says nothing."""
    text = _MARKUP.sub("", comment)
    return len(text) if _WORD.search(text) else 0

"""A book as one HTML file that needs nothing else: contents, search, charts, for paper and screen, light and dark, wide and narrow.

It may load nothing from anywhere (its own Content-Security-Policy says so), and reads whole with scripts switched off: then there is only
no search. Everything a person wrote is escaped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape

from bot.book import Block, Book, Break, Chart, Heading, Paragraph, Table

_NOT_HTML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

STYLE = """
:root{color-scheme:light dark;--ink:#1d2429;--quiet:#5b666e;--paper:#fbfaf7;--line:#d9d5cb;--mark:#2f6b8a}
@media (prefers-color-scheme:dark){:root{--ink:#e6e3dc;--quiet:#a3a9ad;--paper:#16191b;--line:#3a4044;--mark:#7fb6d3}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:44rem;background:var(--paper);color:var(--ink);
font:1.05rem/1.6 Georgia,"Noto Serif",serif;overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line)}h3{margin:2rem 0 .3rem;font-size:1.1rem}
nav ol{columns:2 14rem;padding-left:2.2rem}a{color:var(--mark)}
p,blockquote{white-space:pre-wrap;margin:.5rem 0}
blockquote{margin-left:0;padding-left:1rem;border-left:3px solid var(--line)}
.label{margin:1rem 0 .2rem;color:var(--quiet);font-style:italic}.quiet{color:var(--quiet);font-size:.9rem}
.added{padding-left:1rem;border-left:3px double var(--mark)}.struck{text-decoration:line-through;color:var(--quiet)}
figure{margin:1.5rem 0}figcaption{font-weight:bold;margin-bottom:.3rem}
.bar{display:grid;grid-template-columns:minmax(8rem,34%) 1fr 2.5rem;gap:.2rem .6rem;align-items:center;font:.85rem/1.5 sans-serif}
.bar span{text-align:end}.bar b{display:block;border-top:.8rem solid var(--mark);border-radius:2px}.bar em{font-style:normal}
table{border-collapse:collapse;width:100%}
th,td{padding:.4rem;border:1px solid var(--line);text-align:left;vertical-align:top;white-space:pre-line}
input{width:100%;padding:.6rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.4rem}
[hidden]{display:none}
@media print{body{max-width:none;padding:0;font-size:10.5pt;background:#fff;color:#000}nav,.find{display:none}
:root{--mark:#2f6b8a;--line:#bbb;--quiet:#444}
h2,h3,.label{break-after:avoid}blockquote,figure,tr{break-inside:avoid}.break{break-after:page}}
"""

# Entries are hidden that do not hold every word; accents and case do not count. Without scripts the field is not even shown.
SCRIPT = """
(()=>{const find=document.querySelector('.find'),field=find.querySelector('input'),told=find.querySelector('output');find.hidden=false;
const flat=t=>t.normalize('NFD').replace(/[\\u0300-\\u036f]/g,'').toLowerCase();
const front=document.querySelectorAll('nav,.front'),all=[...document.querySelectorAll('article,section')].map(e=>[e,flat(e.textContent)]);
field.addEventListener('input',()=>{const words=flat(field.value).split(/\\s+/).filter(Boolean);let shown=0;
for(const [e,text] of all){const fits=words.every(w=>text.includes(w));e.hidden=!fits;if(fits&&e.tagName==='ARTICLE')shown++}
for(const e of front)e.hidden=words.length>0;
told.textContent=words.length?(shown?find.dataset.found+': '+shown:find.dataset.none):''})})();
"""


def render(book: Book) -> bytes:
    allowed = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    parts = [
        f'<!doctype html>\n<html lang="{_said(book.language)}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">',
        f"<title>{_said(book.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        *_body(book),
        f"<script>{SCRIPT}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts).encode("utf-8", "replace")


def _body(book: Book) -> Iterator[str]:
    opened: list[str] = []
    first = True
    for block in book.blocks:
        if isinstance(block, Heading):
            while opened and (block.level <= 2 or opened[-1] == "article"):
                yield f"</{opened.pop()}>"
            if not first:
                opened.append("article" if block.level > 2 else "section")
                yield f"<{opened[-1]}>"
        yield from _html(block)
        if first and isinstance(block, Heading):
            first = False
            yield from _contents(book)
            opened.append("div")
            yield '<div class="front">'
    yield from (f"</{name}>" for name in reversed(opened))


def _contents(book: Book) -> Iterator[str]:
    listed = [block for block in book.blocks if isinstance(block, Heading) and block.id and block.level == 2]
    if listed:
        rows = "\n".join(f'<li><a href="#{_said(block.id)}">{_said(block.text)}</a></li>' for block in listed)
        yield f'<nav aria-label="{_said(book.labels.contents)}"><h2>{_said(book.labels.contents)}</h2>\n<ol>\n{rows}\n</ol></nav>'
    search, found, none = (_said(label) for label in (book.labels.search, book.labels.found, book.labels.none_found))
    yield (
        f'<div class="find" data-found="{found}" data-none="{none}" hidden><input type="search" aria-label="{search}"'
        f' placeholder="{search}"> <output class="quiet" aria-live="polite"></output></div>'
    )


def _html(block: Block) -> Iterator[str]:
    match block:
        case Heading(level=level, text=text, id=id_):
            named = f' id="{_said(id_)}"' if id_ else ""
            yield f'<h{level}{named} dir="auto">{_said(text)}</h{level}>'
        case Paragraph(text=text, style=style, label=label):
            if label:
                yield f'<p class="label">{_said(label)}</p>'
            tag = "blockquote" if style in ("answer", "struck") else "p"
            yield f'<{tag} class="{style}" dir="auto">{_said(text)}</{tag}>'
        case Chart():
            yield from _chart(block)
        case Table(head=head, rows=rows):
            yield "<table>"
            if head:
                yield "<tr>" + "".join(f"<th>{_said(cell)}</th>" for cell in head) + "</tr>"
            yield from ("<tr>" + "".join(f'<td dir="auto">{_said(cell)}</td>' for cell in row) + "</tr>" for row in rows)
            yield "</table>"
        case Break():
            yield '<div class="break"></div>'


def _chart(chart: Chart) -> Iterator[str]:
    """Bars are borders, which are printed where backgrounds are not."""
    most = max((count for _, count in chart.rows), default=1) or 1
    yield f'<figure role="img" aria-label="{_said(chart.alt)}"><figcaption>{_said(chart.title)}</figcaption>'
    for name, count in chart.rows:
        wide = max(1, round(100 * count / most))
        yield f'<div class="bar"><span dir="auto">{_said(name)}</span><i><b style="width:{wide}%"></b></i><em>{count}</em></div>'
    yield "</figure>"


def _said(text: str) -> str:
    return escape(_NOT_HTML.sub("", text), quote=True)

"""Streamlit's Markdown as HTML: tables, formulas as MathML, coloured text and badges."""

import re
from functools import lru_cache

ANCHOR = re.compile(r'\s*<h6 data-anchor="([\w-]+)">\s*(.*?)\s*</h6>\s*', re.DOTALL)


@lru_cache(maxsize=1)
def _parser():
    from latex2mathml.converter import convert
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return parser.use(
        dollarmath_plugin,
        allow_space=False,
        renderer=lambda text, options: convert(text, display="block" if options["display_mode"] else "inline"),
    )


def markdown(text: str) -> str:
    """A block of Streamlit's Markdown as HTML; HTML inside it stays text, but for a figure's heading."""
    if found := ANCHOR.fullmatch(text):
        inner = _marked(_parser().renderInline(found[2]))
        return f'<h6 id="{found[1]}"><a href="#{found[1]}" title="Link to this figure">{inner}</a></h6>'
    return _marked(_parser().render(text))


def inline(text: str) -> str:
    """A line of Streamlit's Markdown as HTML without a paragraph around it."""
    return _marked(_parser().renderInline(text))


def _marked(html: str) -> str:
    html = re.sub(r":material/\w+:", "", html)
    html = re.sub(r":(\w+)-badge\[([^\]]*)\]", r'<span class="badge \1">\2</span>', html)
    html = re.sub(r":(gray|red|green|blue|orange|violet|small)\[([^\]]*)\]", r'<span class="\1">\2</span>', html)
    return html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")

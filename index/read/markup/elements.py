"""Classifies HTML elements by their tags and by LaTeXML's classes."""

from __future__ import annotations

from index.paper import BlockKind, Role

UNREAD_TAGS = frozenset({
    "script", "style", "template", "noscript", "input", "select", "textarea", "iframe", "object",
    "embed", "canvas", "dialog", "head", "title", "audio", "video", "picture", "map",
    "datalist", "text", "desc", "defs", "metadata",
})  # fmt: skip
SITE_TAGS = frozenset({"nav", "footer", "aside", "button", "form"})
SITE_ROLES = frozenset({
    "navigation", "search", "dialog", "contentinfo", "alert", "alertdialog", "status",
})  # fmt: skip
SITE_CLASSES = frozenset({
    "infobox", "package-alerts", "ar5iv-footer", "ds-announcement", "arxiv-html-header",
    "html-header-logo", "ltx_page_header", "ltx_page_footer", "ltx_page_navbar",
})  # fmt: skip
LEFT_OUT_CLASSES = frozenset({
    "ltx_page_logo", "ltx_TOC", "ltx_rdf", "ltx_ERROR", "ltx_pagination", "ltx_role_newpage",
    "ltx_listing_data", "ltx_tag_listingline", "ltx_bib_cited", "ltx_note_mark", "ltx_note_type",
    "ltx_tag_note", "ltx_role_footnotemark",
})  # fmt: skip
BLOCK_TAGS = frozenset({
    "p", "div", "section", "article", "main", "header", "hgroup", "address", "blockquote", "figure",
    "ul", "ol", "dl", "li", "dd", "hr", "center", "fieldset", "details", "summary", "body",
    "table", "tr", "td", "th",
})  # fmt: skip
BLOCK_CLASSES = frozenset({"ltx_p", "ltx_para", "ltx_item", "ltx_inline-block", "ltx_minipage"})
ONE_BLOCK_TAGS: dict[str, BlockKind] = {
    "table": "table", "pre": "table", "figcaption": "caption", "caption": "caption",
    "dt": "run-in",
}  # fmt: skip
ONE_BLOCK_CLASSES: dict[str, BlockKind] = {
    "ltx_equationgroup": "equation",
    "ltx_equation": "equation",
    "katex-display": "equation",
    "ltx_caption": "caption",
    "ltx_bibitem": "reference",
    "ltx_tabular": "table",
    "ltx_keywords": "front",
    "ltx_classification": "front",
    "ltx_dates": "front",
    "ltx_subtitle": "front",
}
LISTINGS = frozenset({"ltx_listing", "ltx_lstlisting", "ltx_verbatim", "ltx_algorithmic"})
BYLINES = frozenset({"ltx_authors", "ltx_creator", "ltx_personname"})
INSTITUTES = frozenset({"ltx_role_institutetext", "ltx_role_institute", "ltx_role_affiliation",
                         "ltx_role_address"})  # fmt: skip
RUN_IN = ("ltx_title_paragraph", "ltx_title_subparagraph", "ltx_title_theorem", "ltx_title_proof",
           "ltx_runin")  # fmt: skip
TITLE_ROLES: dict[str, Role] = {
    "ltx_title_abstract": "abstract",
    "ltx_title_acknowledgements": "acknowledgements",
    "ltx_title_bibliography": "references",
}
TYPED = frozenset({"ltx_document", "ltx_title_document", "ltx_section"})
DIVISIONS = frozenset({
    "ltx_part", "ltx_chapter", "ltx_section", "ltx_subsection", "ltx_subsubsection",
    "ltx_paragraph", "ltx_subparagraph", "ltx_appendix", "ltx_bibliography",
    "ltx_acknowledgements", "ltx_index", "ltx_glossary",
})  # fmt: skip
TEX_CLASS = "gloss_tex"  # of our own: a formula of a Markdown source, with the signs around it
CELL_CLASSES = frozenset({"ltx_td", "ltx_th"})


def is_block(tag: str, named: frozenset[str]) -> bool:
    """Whether an element with that tag and these classes begins and ends a block of text."""
    return tag in BLOCK_TAGS or bool(named & BLOCK_CLASSES)

"""A digest in words (``views``), then as Markdown, HTML, BibTeX; ``app.publish.day`` puts several
on a page.

Text from a paper is data. HTML goes through Jinja's autoescape (``html``); Markdown through
``escape_markdown``; YAML values through a YAML writer. Nothing of a paper reaches an output by any
other way.
"""

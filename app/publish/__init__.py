"""The digests of a day as pages: Markdown for Hexo, HTML, index and feed."""

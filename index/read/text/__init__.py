"""Text: plain text from lines, sentences, and headings with their roles."""

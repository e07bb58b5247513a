"""The content of PDF pages: words with type and position, hidden text, corrected characters."""

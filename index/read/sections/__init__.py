"""Where sections begin and end: headings, the abstract, the bibliography."""

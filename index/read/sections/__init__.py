"""Finds sections: headings, the abstract, the bibliography."""

// The formulas of a page that is a file: KaTeX is there before this.
for (const one of document.querySelectorAll('.tex')) {
  const done = gloss.formula(one.dataset.tex, one.classList.contains('displayed'));
  if (!done) continue;
  one.replaceChildren(done);
  one.classList.add('set');
  if (one.scrollWidth <= one.clientWidth + 1) continue;
  one.classList.add('wide');
  one.tabIndex = 0;  // scrolled with the keys, too
}

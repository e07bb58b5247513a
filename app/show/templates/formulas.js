// Makes a formula of its LaTeX, which is a stranger's, by KaTeX; null where it is to stay text.
window.gloss ??= {};
(() => {
  const LONGEST = 2000;  // characters of LaTeX
  // A formula that defines macros can grow without bounds.
  const DEFINES = /\\(?:[gex]?def|(?:re|provide)?newcommand|providecommand|let|futurelet|global|long)(?![a-z])/i;

  gloss.formula = (tex, displayMode) => {
    if (tex.length > LONGEST || DEFINES.test(tex)) return null;
    let refused = false;
    const place = document.createElement('span');
    try {
      window.katex.render(tex, place, {
        displayMode,
        throwOnError: true,
        strict: 'ignore',
        maxExpand: 500,
        maxSize: 10,  // em
        macros: {},
        trust: () => { refused = true; return false; },  // links, pictures, classes, styles
      });
    } catch {
      return null;
    }
    return refused ? null : place.firstElementChild;
  };
})();

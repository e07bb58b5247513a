// Quotes as people read them. Formulas are set by KaTeX, which is loaded when the first one comes
// near the screen; what it cannot set, or is not to set, stays the text that it is, and so does what
// is copied. What is wider than its place is scrolled, with the keys, too.
(() => {
  const made = new Map();  // elements to be cloned, by their LaTeX; null where there is none
  let loading = null;

  function load() {
    if (loading) return loading;
    const from = gloss.app.katex;
    const sheet = document.createElement('link');
    sheet.rel = 'stylesheet';
    sheet.href = `${from}katex.min.css`;
    loading = new Promise((done, failed) => {
      const script = document.createElement('script');
      script.src = `${from}katex.min.js`;
      script.addEventListener('load', done);
      script.addEventListener('error', failed);
      document.head.append(sheet, script);
    });
    loading.catch(() => { loading = null; });
    return loading;
  }

  const named = (one) => `${one.classList.contains('displayed')} ${one.dataset.tex}`;
  function set(one) {
    const name = named(one);
    if (!made.has(name)) made.set(name, gloss.formula(one.dataset.tex, one.classList.contains('displayed')));
    const done = made.get(name);
    if (!done) return;
    one.dataset.source = one.textContent;
    one.replaceChildren(done.cloneNode(true));
    one.classList.add('set');
    if (one.scrollWidth > one.clientWidth + 1) {
      one.classList.add('wide');
      reach(one);
    }
  }
  function reach(one) {
    const wide = one.scrollWidth > one.clientWidth + 1;
    if (wide && !one.closest('a, [role=button]')) one.tabIndex = 0;
  }

  const near = new IntersectionObserver(async (seen) => {
    const here = seen.filter((one) => one.isIntersecting).map((one) => one.target);
    here.forEach((one) => near.unobserve(one));
    here.filter((one) => !one.dataset.tex).forEach(reach);
    const all = here.filter((one) => one.dataset.tex);
    if (!all.length) return;
    try {
      await load();
    } catch {
      return;  // without KaTeX the text stays
    }
    all.forEach(set);
  }, {rootMargin: '600px', scrollMargin: '600px'});

  // In Gradio's part, too. What was set before, in a table that is drawn again, is set at once.
  const LOOKED_FOR = ['.tex', '.grid', '.lines'].map((one) => `.gloss ${one}:not([data-seen])`).join();
  let looking = 0;
  new MutationObserver(() => {
    looking ||= requestAnimationFrame(() => {
      looking = 0;
      for (const one of document.querySelectorAll(LOOKED_FOR)) {
        one.dataset.seen = '';
        if (one.dataset.tex && made.has(named(one))) set(one);
        else {
          if (!one.dataset.tex) reach(one);  // the keys come by it before it is near
          near.observe(one);
        }
      }
    });
  }).observe(document.body, {childList: true, subtree: true});

  const within = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('.tex.set');
  document.addEventListener('copy', (event) => {
    const chosen = getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed) return;
    const range = chosen.getRangeAt(0).cloneRange();
    const [first, last] = [within(range.startContainer), within(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const part = range.cloneContents();
    const all = part.querySelectorAll('.tex.set');
    if (!all.length) return;
    for (const one of all) one.replaceChildren(one.dataset.source);
    for (const one of part.querySelectorAll('p, h2, h3, h4, li, tr, blockquote')) one.append('\n');
    event.clipboardData.setData('text/plain', part.textContent.trimEnd());
    event.preventDefault();
  });
})();

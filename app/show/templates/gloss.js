// What the web UI needs before Gradio starts, and what its own scripts share. Inlined at the top of the page.
(() => {
  const known = ['en', 'zh'];
  const wishes = [new URLSearchParams(location.search).get('lang'), ...navigator.languages];
  const spoken = wishes.map((wish) => (wish || '').toLowerCase().split('-')[0]);
  const lang = spoken.find((one) => known.includes(one)) || 'en';
  const tag = lang === 'zh' ? 'zh-CN' : 'en';
  // Gradio goes by the browser's language alone; ?lang= is to count in the labels, too.
  Object.defineProperty(navigator, 'language', {get: () => tag});
  document.documentElement.lang = tag;

  const TOUR = 'gloss-tour';
  const STEPS = ['find', 'ask', 'read'];
  const used = () => {
    try {
      return JSON.parse(localStorage.getItem(TOUR)) || [];
    } catch {
      return [];
    }
  };
  const mark = (steps) => {
    try {
      localStorage.setItem(TOUR, JSON.stringify(steps));
    } catch {
      // Private windows may have none: then the tour comes again.
    }
    tour();
  };
  // Steps that were used are marked; once all were, or somebody asks a question of their own, it goes.
  const tour = () => {
    const steps = used();
    const there = document.querySelector('#tour .tour');
    if (!there) return;
    for (const step of there.querySelectorAll('[data-step]')) {
      step.classList.toggle('used', steps.includes(step.dataset.step));
    }
    there.hidden = STEPS.every((step) => steps.includes(step));
  };

  const wait = (on) => {
    const hits = document.getElementById('hits');
    hits?.classList.toggle('waiting', on);
    hits?.setAttribute('aria-busy', String(on));
  };

  // Gradio 6.31 calls every error "Error", whatever title it was given.
  new MutationObserver(() => {
    const title = document.querySelector(`.only-${lang}[data-error]`)?.dataset.error;
    for (const shown of document.querySelectorAll('.toast-title.error')) {
      const text = shown.firstChild;
      if (title && text?.nodeValue?.trim() === 'Error') text.nodeValue = `${title} `;
    }
  }).observe(document.documentElement, {childList: true, subtree: true});

  window.gloss = {
    tour,
    use: (step) => mark([...new Set([...used(), step])]),
    tourDone: () => mark(STEPS),
    // The address of what is searched, so that it can be sent to somebody.
    keep: (way, query, among, paper, role, year, category) => {
      const address = new URL(location.href);
      const values = {q: query, in: way || among, of: paper, part: role, year, category, paper: ''};
      for (const [name, value] of Object.entries(values)) {
        if (value) address.searchParams.set(name, value);
        else address.searchParams.delete(name);
      }
      history.replaceState(history.state, '', address);
    },
    way: () => new URLSearchParams(location.search).get('in'),
    wait,
    scrollTo: (id) => {
      const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
      document.getElementById(id)?.scrollIntoView({behavior: still ? 'auto' : 'smooth'});
    },
  };
})();

// The app around its screens: addresses, searches, the first screen, and when Gradio is started.
(() => {
  const root = document.documentElement;
  const app = JSON.parse(document.getElementById('gloss-app').textContent);
  const by = (id) => document.getElementById(id);
  const say = (name, ...values) => values.reduce(
    (text, value) => text.replace('{}', value), app.say[`app_${name}`]);
  const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  let key = app.key;

  // Asking the server. An answer that is not wanted any more is dropped with its signal.

  class Failed extends Error {
    constructor(told, kind) { super(told); this.kind = kind; }
  }
  let waiting = 0;  // answers that have not come yet
  async function ask(path, asked = {}, signal = undefined) {
    const given = Object.entries({...asked, lang: app.lang}).filter(([, value]) => value);
    let answer;
    waiting += 1;
    try {
      answer = await fetch(`/view/${key}/${path}?${new URLSearchParams(given)}`, {signal});
    } catch (error) {
      throw error.name === 'AbortError' ? error : new Failed(say('offline'), 'offline');
    } finally {
      waiting -= 1;
      startGradioLater();
    }
    const told = await answer.json().catch(() => ({}));
    signal?.throwIfAborted();
    if (!answer.ok) throw new Failed(told.told || say('failed'), told.error || 'failed');
    return told;
  }
  const send = (path, body) => fetch(`/view/${key}/${path}`, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body || {}),
  });

  // What a place says while it waits, and when something failed: with the next step.

  function made(tag, name, text) {
    const element = document.createElement(tag);
    element.className = name;
    if (text) element.textContent = text;
    return element;
  }
  function busy(place, text) {
    const line = made('p', 'busy', text);
    line.prepend(made('span', 'spinner'));
    line.setAttribute('role', 'status');
    place.replaceChildren(line);
  }
  function leading(to, text) {
    const link = made('a', '', text);
    link.href = to;
    link.dataset.go = '';
    return link;
  }
  /** What failed, why, and the next step: to try ``again``, or else to add papers. */
  function failed(place, error, again) {
    const box = made('div', 'failed');
    box.setAttribute('role', 'alert');
    box.append(made('p', 'what', say('failed')), made('p', 'why', error.message));
    const next = again ? made('button', '', say('again')) : leading('?view=add', app.views.add);
    if (again) {
      next.type = 'button';
      next.addEventListener('click', again);
    }
    box.append(next, ' ', leading('?', say('home')));
    place.replaceChildren(box);
  }
  const tell = (text) => { by('live').textContent = text; };

  // Addresses: every screen has one. What is kept in all of them is the language and the colours.

  const KEPT = ['lang', '__theme'];
  const state = () => new URLSearchParams(location.search);
  function addressOf(asked) {
    const now = state();
    const kept = KEPT.filter((name) => now.has(name) && !asked.has(name));
    const all = new URLSearchParams([...asked, ...kept.map((name) => [name, now.get(name)])]);
    return `${location.pathname}${String(all) ? `?${all}` : ''}`;
  }
  function go(asked, {replace = false} = {}) {
    const address = addressOf(asked);
    if (address === `${location.pathname}${location.search}`) replace = true;
    if (!replace) history.replaceState({...history.state, scroll: scrollY}, '');
    const former = replace ? history.state?.from : location.search;
    history[replace ? 'replaceState' : 'pushState']({from: former ?? null}, '', address);
    route();
  }
  function title(text) {
    document.title = text ? `${text} · gloss` : 'gloss';
    by('name').textContent = text || 'gloss';
  }

  let routed = false;
  function route(scroll = 0) {
    const asked = state();
    const view = gloss.viewOf(asked);
    root.dataset.view = view;
    const tab = view === 'tab' ? asked.get('view') : '';
    root.dataset.tab = tab;
    by('home').hidden = !(view === 'home' || tab === 'add');
    by('found').hidden = view !== 'found';
    by('reader').hidden = view !== 'reader';
    const main = by('main');  // Gradio's part has a main of its own
    main.setAttribute('role', view === 'tab' ? 'region' : 'main');
    if (view === 'tab') main.setAttribute('aria-labelledby', 'name');
    else main.removeAttribute('aria-labelledby');
    for (const link of document.querySelectorAll('#top nav a[data-go]')) {
      const there = new URLSearchParams(link.getAttribute('href')).get('view') === tab;
      if (there && tab) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    const other = by('other-language');
    const elsewhere = new URLSearchParams(asked);
    elsewhere.set('lang', app.lang === 'zh' ? 'en' : 'zh');
    other.href = `?${elsewhere}`;
    if (document.activeElement !== by('q') || view !== 'home') by('q').value = asked.get('q') || '';
    if (view === 'home') title('');
    if (view === 'home' || tab === 'add') home();
    if (view === 'found') find(asked);
    else searching?.abort();
    if (view === 'reader') gloss.reader.open(asked);
    else gloss.reader.leave();
    if (view === 'tab') openTab(tab);
    if (view !== 'reader') scrollTo({top: scroll});
    const now = document.activeElement;
    if (routed && (now === document.body || !now.offsetParent)) main.focus({preventScroll: true});
    routed = true;
  }

  // The first screen.

  let homeIsOld = !by('home').firstElementChild;
  async function home() {
    if (!homeIsOld) return;
    homeIsOld = false;
    const answer = await fetch(`/view/${key}/home.html?lang=${app.lang}`).catch(() => null);
    if (answer?.ok) by('home').innerHTML = await answer.text();
    else homeIsOld = true;
  }
  const light = (event) => {
    const lit = event.target.closest?.('[data-lights]');
    if (!lit) return;
    const number = lit.dataset.lights;
    for (const one of lit.closest('.example').querySelectorAll('.lit, .mark')) {
      one.classList.toggle('on', (one.dataset.lights ?? one.dataset.lit) === number);
    }
  };
  by('home').addEventListener('pointerover', light);
  by('home').addEventListener('focusin', light);

  // Searching: the last question counts, and nothing of a former one stays below it.

  const FILTERS = ['in', 'of', 'part', 'year', 'category'];
  const remembered = new Map();  // answers of this visit, for the way back
  let searching = null;
  let onScreen = null;

  async function find(asked) {
    const wanted = Object.fromEntries(['q', ...FILTERS].map((name) => [name, asked.get(name)]));
    const name = JSON.stringify(wanted);
    title(wanted.q);
    setFilters(wanted);
    if (name === onScreen) return;
    searching?.abort();
    const mine = searching = new AbortController();
    onScreen = name;
    const known = remembered.get(name);
    by('answer').replaceChildren();
    by('hits').replaceChildren();
    by('own-found').replaceChildren();
    by('said').textContent = '';
    if (known) {
      put(known);
      gloss.reader.foundAhead();
      return;
    }
    busy(by('hits'), say('searching'));
    const kept = {};
    try {
      kept.found = await ask('search.json', wanted, mine.signal);
      put(kept);
      gloss.reader.foundAhead();
      if (kept.found.question && wanted.in !== 'digests') {
        busy(by('answer'), say('answering'));
        kept.answer = await ask('answer.json', {...wanted, in: ''}, mine.signal);
        put(kept);
        gloss.reader.foundAhead();
      }
      remembered.set(name, kept);
      if (remembered.size > 30) remembered.delete(remembered.keys().next().value);
    } catch (error) {
      if (mine.signal.aborted) {
        if (onScreen === name) onScreen = null;
        return;
      }
      onScreen = null;
      by('answer').replaceChildren();
      failed(kept.found ? by('answer') : by('hits'), error, () => find(state()));
    }
  }
  function put({found, answer}) {
    by('hits').innerHTML = found.html;
    by('own-found').innerHTML = found.notes;
    by('said').textContent = found.said;
    by('answer').innerHTML = answer ? answer.html : '';
    if (answer) tell(answer.said);
  }

  let filtersOf = null;  // the language that they are there in
  async function setFilters(wanted) {
    const form = by('filters').querySelector('form');
    if (FILTERS.some((name) => wanted[name])) by('filters').open = true;
    if (by('filters').open && filtersOf !== app.lang) {
      filtersOf = app.lang;
      try {
        form.innerHTML = (await ask('filters.json')).html;
      } catch {
        filtersOf = null;
      }
    }
    const now = state();
    for (const one of form.elements) one.value = now.get(one.name) || '';
    const part = form.elements.part;
    if (part) part.disabled = now.get('in') === 'digests';  // whose sentences have no role
  }
  by('filters').addEventListener('toggle', () => setFilters({}));
  by('filters').addEventListener('change', () => {
    const asked = new URLSearchParams([['q', state().get('q') || '']]);
    for (const one of by('filters').querySelector('form').elements) {
      if (one.value && !one.disabled) asked.set(one.name, one.value);
    }
    go(asked);
  });

  by('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    const box = by('q');
    const query = box.value.trim();
    if (!query) {
      box.value = '';
      box.reportValidity();
      return;
    }
    const now = state();
    const asked = new URLSearchParams([['q', query]]);
    if (gloss.viewOf(now) === 'found') {
      for (const name of FILTERS) if (now.get(name)) asked.set(name, now.get(name));
    }
    onScreen = null;
    go(asked);
  });

  // Links within the app, whoever shows them; an entry of a list is its link.

  document.addEventListener('click', (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    const link = event.target.closest('a');
    const inApp = link && (link.hasAttribute('data-go') || link.hasAttribute('data-open'));
    if (inApp) {
      event.preventDefault();
      const asked = new URLSearchParams(link.search ?? link.getAttribute('href').replace(/^[^?]*/, ''));
      asked.delete('lang');
      // A place that a search found leads back to it.
      if (link.closest('#found') && asked.get('paper')) {
        const now = state();
        for (const name of ['q', ...FILTERS]) if (now.get(name)) asked.set(name, now.get(name));
      }
      go(asked);
      return;
    }
    const entry = !link && event.target.closest('[data-to]');
    if (entry && !event.target.closest('button') && !String(getSelection()).trim()) {
      entry.querySelector('a').click();
    }
  });
  addEventListener('popstate', (event) => route(event.state?.scroll || 0));
  history.scrollRestoration = 'manual';
  addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      by('q').focus();
      by('q').select();
    }
  });

  // Gradio's part: started when something of it is asked for, or nothing else is left to do.

  let started = false;
  let ready = false;  // its events are listened to
  async function startGradio() {
    if (started) return;
    started = true;
    busy(by('starting'), say('starting'));
    try {
      const answer = await fetch(app.gradio);  // the server may have to import Gradio first
      if (!answer.ok) throw new Failed(say('failed'), 'failed');
      putGradio(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      by('starting').replaceChildren();
    } catch (error) {  // stays started: only who asks again has it fetched again
      const again = () => { started = false; startGradio(); };
      failed(by('starting'), error instanceof Failed ? error : new Error(say('offline')), again);
    }
  }
  /** The parts of Gradio's page, in their order; a script runs only if it is made here. */
  function putGradio(page) {
    const element = page.querySelector('gradio-app');
    element.removeAttribute('control_page_title');
    by('starting').after(element);
    for (const one of page.head.querySelectorAll('style, link[rel=stylesheet], script')) {
      const mine = one.localName === 'script' ? document.createElement('script') : one;
      if (mine !== one) {
        for (const {name, value} of one.attributes) mine.setAttribute(name, value);
        mine.textContent = one.textContent;
      }
      document.head.append(mine);
    }
  }
  function openTab(id) {
    title(app.views[id] || id);
    startGradio();
    const button = ready && by(`${id}-tab-button`);
    if (button) {
      if (button.getAttribute('aria-selected') !== 'true') button.click();
    } else if (root.dataset.tab === id) setTimeout(() => openTab(root.dataset.tab), 50);
  }
  // The server may have to import it, which makes an answer slower that somebody waits for.
  let later = 0;
  function startGradioLater() {
    clearTimeout(later);
    if (started) return;
    later = setTimeout(() => (window.requestIdleCallback || setTimeout)(
      () => { if (!waiting) startGradio(); }, {timeout: 3000}), 1200);
  }
  addEventListener('load', startGradioLater);

  // Gradio 6.31 calls every error "Error", whatever title it was given.
  new MutationObserver(() => {
    for (const shown of document.querySelectorAll('.toast-title.error')) {
      const text = shown.firstChild;
      if (text?.nodeValue?.trim() === 'Error') text.nodeValue = `${say('failed')} `;
    }
    const added = document.querySelector('#adding [data-added]:not([data-seen])');
    const all = document.querySelectorAll('#adding .done').length;
    if (all !== addedBefore) {
      addedBefore = all;
      if (all) changed();
    }
    if (added) {
      added.dataset.seen = '';
      if (root.dataset.tab === 'add') go(new URLSearchParams(added.search));
    }
  }).observe(document.body, {childList: true, subtree: true});
  let addedBefore = 0;

  /** There are other papers than before. */
  function changed() {
    homeIsOld = true;
    filtersOf = null;
    remembered.clear();
    onScreen = null;
  }

  Object.assign(window.gloss, {
    app, ask, send, busy, failed, tell, title, go, state, say, calm, changed, route,
    keyOf: () => key,
    /** The browser's session is known: its own papers are seen from now on. */
    arrived: (given) => {
      ready = true;
      if (!given || given === key) return;
      key = given;
      changed();
      homeIsOld = false;
      gloss.reader.arrived();
    },
  });
})();

// The reader: a paper's digest and its pages beside each other. The address says what is open: a
// paper, and of it a sentence of the digest or a place in the text, whose words are marked.
// Its parts (marks.js, tools.js) are in one function with it, and come after it.
const {app, ask, send, busy, failed, tell, title, go, state, say, calm} = gloss;
const root = document.documentElement;
const by = (id) => document.getElementById(id);
const [reader, place, sheet] = ['reader', 'pages', 'sheet'].map(by);
const measure = document.createElement('canvas').getContext('2d');
measure.font = '100px serif';
measure.textRendering = 'optimizeSpeed';  // as the style sheet has it: no kerning, no ligatures

const nothing = () => ({paper: null, lang: null, title: '', share: false, at: null, place: null, settled: false});
let open = nothing();  // what is on the screen, or on its way
let chosen = null;  // a sentence's name
let loading = null;  // aborted when another paper is opened

const digest = () => by('digest').querySelector('article.reader');
const pages = () => place.querySelector('.pages');
const sentences = () => [...by('digest').querySelectorAll('.claim')];
const sentence = (name) => sentences().find((one) => one.dataset.sentence === name);
const marksOf = (name) => [...place.querySelectorAll('.mark')]
  .filter((mark) => mark.dataset.sentences.split(' ').includes(name));
const small = matchMedia('(max-width: 768px)');  // there the pages are a sheet over the digest
const note = (text) => {
  const line = by('digest').querySelector('.said');
  if (line) line.textContent = text;
};
const path = (paper) => paper.split('/').map(encodeURIComponent).join('/');

// Opening.

const PAGES_WAIT = 300;  // milliseconds for a digest
const HERE = 'at:';  // the name of the place that the address gives, among those of sentences

function openPaper(asked) {
  const paper = asked.get('paper');
  const lang = asked.get('digest') || app.lang;
  const back = by('back');
  const q = asked.get('q');
  const to = new URLSearchParams([...asked].filter(
    ([name]) => !['paper', 'sentence', 'at', 'digest'].includes(name)));
  back.href = `?${to}`;
  if (paper !== open.paper) {
    loading?.abort();
    loading = new AbortController();
    stopWording();
    open = {...nothing(), paper, lang};
    reader.classList.remove('gone');
    chosen = null;
    by('found-words').hidden = true;
    by('find-words').value = '';
    by('find-count').textContent = '';
    matches = [];
    by('page-count').textContent = '';
    by('page-number').value = '1';
    by('outline').open = false;
    title(q ? `${paper} · ${q}` : paper);
    loadNotes(paper, loading.signal);
    busy(place, say('opening'));
    const {signal} = loading;
    if (asked.get('at')) {
      // A place that a search found comes first: a digest to be written would keep it waiting.
      busy(by('digest'), say('writing'));
      loadPages(paper, signal).then(() => shownPicture(signal))
        .then(() => signal.aborted || loadDigest(paper, open.lang, signal));
    } else {
      // Drawing pages would keep a digest waiting that is written already.
      const written = loadDigest(paper, lang, signal);
      loadPages(paper, signal, Promise.race([written, new Promise((go) => setTimeout(go, PAGES_WAIT))]));
    }
  } else if (lang !== open.lang) {
    open.lang = lang;
    loadDigest(paper, lang, loading.signal);
    title(open.title || paper);
  } else title(open.title || paper);
  toPlace(asked);
}

// What a place that was found leads to is asked for before it is opened: that of the first hit and
// that of the answer once they are there, that of another while the pointer or the focus is on it.

const FRESH = 60_000;  // milliseconds
const AHEAD = 6;  // places
const ahead = new Map();  // by paper and place, the last ones

function askAhead(asked) {
  const [paper, at] = [asked.get('paper'), asked.get('at')];
  if (!paper || !at || fromAhead('place', paper, at)) return;
  const [start, end] = at.split('-');
  const name = JSON.stringify([paper, at]);
  const mine = {
    paper, at, key: gloss.keyOf(), when: performance.now(),
    pages: fromAhead('pages', paper) || ask(`${path(paper)}/pages.json`),
    place: ask(`${path(paper)}/place.json`, {start, end}),
  };
  ahead.delete(name);
  ahead.set(name, mine);
  if (ahead.size > AHEAD) ahead.delete(ahead.keys().next().value);
  Promise.all([mine.pages, mine.place]).then(([{html}, {place: there}]) => {
    const read = document.createElement('template');
    read.innerHTML = html;
    const page = read.content.querySelector(`.page[data-page="${there?.marks[0]?.[0]}"] img`);
    if (!page || ahead.get(name) !== mine) return;
    mine.picture = new Image();  // of the size that the reader would take
    for (const name of ['sizes', 'srcset', 'src']) mine.picture[name] = page.getAttribute(name);
  }).catch(() => {  // it is asked again when it is opened
    if (ahead.get(name) === mine) ahead.delete(name);
  });
}
function fromAhead(kind, paper, at) {
  for (const one of ahead.values()) {
    const fresh = performance.now() - one.when < FRESH && one.key === gloss.keyOf();
    if (fresh && one.paper === paper && (!at || one.at === at)) return one[kind];
  }
  return null;
}
const leadsTo = (event) => event.target.closest?.('#found .hit, #found .answer li')?.querySelector('a[data-go]');
let waiting = 0;
by('found').addEventListener('pointerover', (event) => {
  clearTimeout(waiting);
  const link = leadsTo(event);
  if (link) waiting = setTimeout(() => askAhead(new URLSearchParams(link.search)), 60);
});
by('found').addEventListener('focusin', (event) => {
  const link = leadsTo(event);
  if (link) askAhead(new URLSearchParams(link.search));
});
function foundAhead() {
  for (const which of ['.hit', '.answer li']) {
    const first = by('found').querySelector(`${which} a[data-go]`);
    if (first) askAhead(new URLSearchParams(first.search));
  }
}

/** The pages; they are put on the screen ``after`` something. */
async function loadPages(paper, signal, after = null) {
  try {
    const told = await (fromAhead('pages', paper) || ask(`${path(paper)}/pages.json`, {}, signal));
    if (signal.aborted) return;
    Object.assign(open, {title: told.title, share: told.share});
    title(told.title);
    await after;
    if (signal.aborted) return;
    offerShare();
    place.innerHTML = told.html;
    by('outline').querySelector('div').innerHTML = told.outline;
    const count = Number(pages().dataset.pages);
    by('page-count').textContent = count ? say('of', count) : '';
    sheet.classList.toggle('no-pages', !count);
    place.querySelector('.pages').addEventListener('scroll', onScroll, {passive: true});
    zoomTo(zoom);
    draw();
    scrollToPlace();
    setTimeout(() => pages() && !signal.aborted && writePages(pages(), signal), 0);
  } catch (error) {
    if (!signal.aborted) refuse(place, paper, error);
  }
}

/** The picture of the page with the place is there, or has had its time. */
async function shownPicture(signal) {
  const end = performance.now() + 2000;
  while (!signal.aborted && performance.now() < end) {
    if (!open.place && !by('found-words').hidden) return;  // there is no such place
    const picture = marksOf(HERE)[0]?.closest('.page')?.querySelector('img');
    if (picture?.complete && picture.naturalWidth || sheet.classList.contains('no-pages')) return;
    await new Promise((go) => setTimeout(go, 30));
  }
}

async function loadDigest(paper, lang, signal) {
  busy(by('digest'), say('writing'));
  try {
    const told = await ask(`${path(paper)}/sentences.json`, {digest: lang}, signal);
    if (open.paper !== paper || open.lang !== lang) return;  // another one was asked for since
    showDigest(told.html);
    const name = state().get('sentence');
    if (name) {
      toPlace(state());
    }
  } catch (error) {
    if (!signal.aborted && open.lang === lang) refuse(by('digest'), paper, error);
  }
}

function refuse(where, paper, error) {
  if (error.kind !== 'unknown') {
    failed(where, error, reload);
    return;
  }
  loading.abort();  // there is neither a digest nor a page
  reader.classList.add('gone');
  place.replaceChildren();
  failed(by('digest'), new Error(say('unknown', paper)));
}

function reload() {
  const asked = state();
  open = nothing();
  openPaper(asked);
}

function showDigest(html) {
  by('digest').innerHTML = html;
  offerShare();
  rove(chosen && sentence(chosen) ? chosen : null);
  placeNotes();
  draw();
  if (chosen) show(chosen);
}

/** Whether a paper may be shared comes with its pages: before its digest, or after. */
function offerShare() {
  const share = by('digest').querySelector('.share');
  if (share) share.hidden = !open.share;
}

// The place that the address gives: a sentence of the digest, or words of the paper.

async function toPlace(asked) {
  const [at, name] = [asked.get('at'), asked.get('sentence')];
  root.dataset.sheet = at || name ? 'open' : '';
  if (at !== open.at) {
    open.at = at;
    open.place = null;
    by('found-words').hidden = true;
    draw();
  }
  if (at && !open.place) {
    const [start, end] = at.split('-');
    const paper = open.paper;
    try {
      const told = await (fromAhead('place', paper, at)
        || ask(`${path(paper)}/place.json`, {start, end}, loading.signal));
      if (open.paper !== paper || open.at !== at) return;
      open.place = told.place;
      showFound();
      draw();
    } catch (error) {
      if (error.kind === 'failed' && open.at === at) showFound();
      return;
    }
  }
  if (name) {
    chosen = name;
    if (digest()) {
      note(show(name) || sentence(name) ? '' : digest().dataset.saidNone);
      sentence(name)?.scrollIntoView({block: 'nearest'});
      rove(name);
    }
  } else {
    chosen = null;
    show(null);
  }
  scrollToPlace();
}

function showFound() {
  const box = by('found-words');
  box.hidden = false;
  box.replaceChildren();
  const where = document.createElement('p');
  where.className = 'by';
  where.textContent = open.place ? `${say('place')}: ${open.place.where}` : say('place_gone');
  box.append(where);
  if (!open.place) {
    root.dataset.sheet = '';  // which would lie over this, on a phone
    return;
  }
  box.insertAdjacentHTML('beforeend', open.place.html);
}

function scrollToPlace() {
  const paper = pages();
  const name = state().get('sentence');
  const marks = name ? marksOf(name) : state().get('at') ? marksOf(HERE) : [];
  if (!paper || !marks.length) return;
  bring(paper, marks, open.settled ? calm() : 'auto');  // a paper opens at its place at once
  open.settled = true;
}

function bring(paper, marks, behavior) {
  const [mark, frame] = [marks[0].getBoundingClientRect(), paper.getBoundingClientRect()];
  const lines = marks.filter((one) => one.parentElement === marks[0].parentElement);
  const left = Math.min(...lines.map((one) => one.getBoundingClientRect().left));
  paper.scrollTo({
    top: paper.scrollTop + mark.top - frame.top - paper.clientHeight / 3,
    left: paper.scrollLeft + left - frame.left - 16,
    behavior,
  });
}

// Choosing.

function lighten() {
  const names = [chosen, open.place && !chosen ? HERE : null].filter(Boolean);
  place.querySelectorAll('.mark:not(.match).on').forEach((one) => one.classList.remove('on'));
  for (const name of names) marksOf(name).forEach((one) => one.classList.add('on'));
}

/** Emphasize a sentence and its words; how many marks these have. */
function show(name) {
  for (const one of sentences()) {
    const on = one.dataset.sentence === name;
    one.classList.toggle('chosen', on);
    one.classList.remove('rests');
    one.querySelector('.say').setAttribute('aria-pressed', on);
  }
  lighten();
  offerNote();
  return name ? marksOf(name).length : 0;
}

// One stop of the Tab key for all sentences: arrows go from one to the next.
function rove(name) {
  const all = sentences();
  const there = all.find((one) => one.dataset.sentence === name) || all[0];
  for (const one of all) one.querySelector('.say').tabIndex = one === there ? 0 : -1;
}

function choose(name) {
  const asked = state();
  const first = !asked.get('sentence') && !asked.get('at');
  asked.delete('at');
  asked.set('sentence', name);
  go(asked, {replace: !first});
}

function restingOn(mark, byKey) {
  const names = mark.dataset.sentences.split(' ').filter((name) => sentence(name));
  if (!names.length) {
    const [mine] = mark.dataset.sentences.split(' ').map(mineOf).filter(Boolean);
    if (mine) showNote(mine.number);
    return;
  }
  const asked = state();
  asked.delete('at');
  asked.set('sentence', names[0]);
  history.replaceState(history.state, '', `?${asked}`);
  Object.assign(open, {at: null, place: null});
  by('found-words').hidden = true;
  chosen = names[0];
  rove(chosen);
  show(chosen);
  place.querySelectorAll('.mark:not(.match)').forEach(
    (one) => one.classList.toggle('on', one.dataset.key === mark.dataset.key));
  names.slice(1).forEach((name) => sentence(name)?.classList.add('rests'));
  const first = sentence(chosen);
  first?.scrollIntoView({block: 'center', behavior: calm()});
  if (byKey) first?.querySelector('.say').focus({preventScroll: true});
  note(digest().dataset.saidRest.replace('{}', names.length));
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no permission, or an address without https
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
    button.focus();
  }
  note(digest().dataset.saidCopied);
  const said = button.textContent;
  button.textContent = digest().dataset.saidCopied;
  setTimeout(() => { button.textContent = said; }, 1500);
}

function linkTo(name) {
  const asked = new URLSearchParams([['paper', open.paper]]);
  if (name) asked.set('sentence', name);
  return new URL(`?${asked}`, location.href).href;
}

by('digest').addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  const name = event.target.closest('.claim')?.dataset.sentence;
  if (button?.dataset.digest) {
    const asked = state();
    asked.set('digest', button.dataset.digest);
    asked.delete('sentence');
    go(asked);
  } else if (button?.dataset.copy) copy(button.dataset.copy, button);
  else if (button?.dataset.copyFrom) {
    copy(await (await fetch(button.dataset.copyFrom)).text(), button);
  } else if (button && 'link' in button.dataset) copy(linkTo(name), button);
  else if (button && 'share' in button.dataset) share(button);
  else if (button?.classList.contains('stop')) send('stop');
  else if (event.target.closest('a, summary, label, input') || String(getSelection()).trim()) return;
  else if (name) choose(name);
});
by('digest').addEventListener('keydown', (event) => {
  if (!event.target.matches('.say')) return;
  const all = sentences().map((one) => one.querySelector('.say'));
  const now = all.indexOf(event.target);
  const to = {ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: all.length - 1}[event.key];
  if (to !== undefined && all[to]) {
    event.preventDefault();
    rove(all[to].closest('.claim').dataset.sentence);
    all[to].focus();
  } else if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    choose(event.target.closest('.claim').dataset.sentence);
  }
});

// Words lie over the marks, so that they can be selected: look below the pointer.
const markAt = (event) => document.elementsFromPoint(event.clientX, event.clientY)
  .find((one) => one.classList.contains('mark') && !one.classList.contains('match'));
place.addEventListener('click', (event) => {
  const found = event.detail ? markAt(event) : event.target.closest('.mark');
  if (found && !String(getSelection()).trim()) restingOn(found, false);
});
place.addEventListener('keydown', (event) => {
  if (!event.target.matches('.mark')) return;
  const all = [...place.querySelectorAll('.mark[role=button]')];
  const to = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const next = to && all[all.indexOf(event.target) + to];
  if (next) {
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  } else if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    restingOn(event.target, true);
  }
});
place.addEventListener('pointermove', (event) => {
  pages()?.classList.toggle('over', Boolean(markAt(event)));
});

// A language model words the digest: section after section comes as it passes the check.

by('digest').addEventListener('submit', async (event) => {
  const form = event.target.closest('form.wording');
  if (!form) return;
  event.preventDefault();
  const wish = {...Object.fromEntries(new FormData(form)), digest: open.lang, lang: app.lang};
  const paper = open.paper;
  if (wish.writer === 'extractive') {
    loadDigest(paper, open.lang, loading.signal);
    return;
  }
  tell('');
  wording = true;
  try {
    const answer = await fetch(`/view/${gloss.keyOf()}/${path(paper)}/worded`, {
      method: 'POST', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify(wish), signal: loading.signal,
    });
    const lines = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const {value, done} = await lines.read();
      if (done || open.paper !== paper) break;
      const parts = (rest + value).split('\n');
      rest = parts.pop();
      for (const part of parts) putWorded(JSON.parse(part));
    }
  } catch (error) {
    if (error.name !== 'AbortError') putWorded({error: error.message});
  }
  wording = false;
});
let wording = false;
function stopWording() {
  if (wording) navigator.sendBeacon(`/view/${gloss.keyOf()}/stop`);
  wording = false;
}
addEventListener('pagehide', stopWording);
let worded = '';
function putWorded({html, told, error}) {
  if (told !== undefined) worded = told;
  if (error !== undefined) worded = `${say('failed')}: ${error}`;
  const top = by('left').scrollTop;
  if (html) showDigest(html);
  by('left').scrollTop = top;
  note(worded);
  const stop = by('digest').querySelector('.stop');
  if (stop) stop.hidden = !by('digest').querySelector('.waiting');
}

async function share(button) {
  button.disabled = true;
  const answer = await send(`${path(open.paper)}/share`);
  const told = await answer.json();
  button.disabled = false;
  if (answer.ok) {
    gloss.changed();
    open.share = false;
    offerShare();
    note(say('shared', told.paper));
  } else note(told.told);
}

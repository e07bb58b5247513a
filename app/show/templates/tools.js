// The reader's tools: the sheet of a small screen, outline, page number, zoom, find, the divider.

// The sheet, on a small screen: open where the address has a place. Closing it is the way back.
by('close').addEventListener('click', () => {
  const asked = state();
  const name = asked.get('sentence');
  if (history.state?.from !== null && history.state?.from !== undefined) history.back();
  else {
    asked.delete('sentence');
    asked.delete('at');
    go(asked, {replace: true});
  }
  if (name) setTimeout(() => sentence(name)?.querySelector('.say').focus(), 50);
});
by('back').addEventListener('click', (event) => {
  const from = history.state?.from;
  if (from === by('back').search) {  // the way that led here, with its place in the list
    event.preventDefault();
    history.back();
  }
});

// Tools over the pages: outline, page number, zoom, dark pages, find.

by('outline').addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link) return;
  event.preventDefault();
  by('outline').open = false;
  const paper = pages();
  if (link.dataset.page) toPage(Number(link.dataset.page), Number(link.dataset.top) / 100);
  else {
    const start = Number(link.dataset.start);
    const block = [...paper.querySelectorAll('.block')]
      .filter((one) => Number(one.dataset.start) <= start).at(-1);
    block?.scrollIntoView({block: 'start'});
  }
  paper.focus({preventScroll: true});
});
function toPage(number, part = 0) {
  const page = place.querySelector(`.page[data-page="${number}"]`);
  const paper = pages();
  if (!page || !paper) return;
  const top = page.getBoundingClientRect().top - paper.getBoundingClientRect().top;
  paper.scrollTo({top: paper.scrollTop + top + part * page.clientHeight - 12, behavior: calm()});
}
by('page-number').addEventListener('change', () => {
  const asked = Math.round(Number(by('page-number').value));
  const count = Number(pages()?.dataset.pages || 0);
  if (count) toPage(Math.min(Math.max(asked || 1, 1), count));
});
let scrolling = 0;
function onScroll() {
  cancelAnimationFrame(scrolling);
  scrolling = requestAnimationFrame(() => {
    const paper = pages();
    if (!paper || document.activeElement === by('page-number')) return;
    const middle = paper.getBoundingClientRect().top + paper.clientHeight / 3;
    const page = [...paper.querySelectorAll('.page')]
      .filter((one) => one.getBoundingClientRect().top <= middle).at(-1);
    if (page) by('page-number').value = page.dataset.page;
  });
}
const STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 2.5, 3];
const stored = (name) => {
  try {
    return localStorage.getItem(`gloss-${name}`);
  } catch {  // private windows may have none
    return null;
  }
};
const store = (name, value) => {
  try {
    localStorage.setItem(`gloss-${name}`, value);
  } catch {
    // Then it is chosen again next time.
  }
};
let zoom = STEPS.includes(Number(stored('zoom'))) ? Number(stored('zoom')) : 1;
function zoomTo(value) {
  zoom = value;
  const paper = pages();
  if (!paper) return;
  const part = paper.scrollTop / paper.scrollHeight;
  paper.style.setProperty('--zoom', zoom);
  if (paper.scrollTop) paper.scrollTop = part * paper.scrollHeight;
}
sheet.addEventListener('click', (event) => {
  const step = Number(event.target.closest('[data-zoom]')?.dataset.zoom || 0);
  const next = STEPS[STEPS.indexOf(zoom) + step];
  if (step && next) {
    zoomTo(next);
    store('zoom', next);
  }
});
function colour(dark) {
  root.dataset.pages = dark ? 'dark' : 'light';
  by('invert').setAttribute('aria-pressed', String(dark));
}
const isDark = () => root.dataset.theme
  ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
colour(stored('pages') ? stored('pages') === 'dark' : isDark());
by('invert').addEventListener('click', () => {
  colour(root.dataset.pages !== 'dark');
  store('pages', root.dataset.pages);
});

let matches = [];
let match = 0;
let lookedFor = '';
function toMatch(number) {
  match = (number + matches.length) % matches.length;
  by('find-count').textContent = say('matches', match + 1, matches.length);
  draw();
  const found = marksOf(`match:${match}`);
  if (found.length) bring(pages(), found, calm());
}
async function findWords(step) {
  const words = by('find-words').value.trim();
  if (!words || !pages()) {
    clearMatches();
    return;
  }
  if (words === lookedFor && matches.length) {
    toMatch(match + step);
    return;
  }
  lookedFor = words;
  try {
    const told = await ask(`${path(open.paper)}/find.json`, {q: words}, loading.signal);
    if (lookedFor !== words) return;
    matches = told.places;
    if (matches.length) toMatch(0);
    else {
      by('find-count').textContent = say('no_match');
      draw();
    }
  } catch {
    by('find-count').textContent = say('no_match');
  }
}
function clearMatches() {
  matches = [];
  lookedFor = '';
  by('find-count').textContent = '';
  draw();
}
by('find').addEventListener('submit', (event) => {
  event.preventDefault();
  findWords(1);
});
by('find').addEventListener('click', (event) => {
  if (event.target.closest('[data-find="-1"]')) findWords(-1);
});
by('find-words').addEventListener('input', () => {
  if (!by('find-words').value) clearMatches();
});
addEventListener('keydown', (event) => {
  if (root.dataset.view !== 'reader') return;
  if ((event.ctrlKey || event.metaKey) && event.key === 'f' && document.activeElement !== by('find-words')) {
    event.preventDefault();  // a second time it is the browser's own
    by('find-words').focus();
    by('find-words').select();
  } else if (event.key === 'Escape') {
    for (const one of reader.querySelectorAll('details[open]')) one.open = false;
    if (small.matches && root.dataset.sheet) by('close').click();
  }
});
document.addEventListener('click', (event) => {
  for (const one of reader.querySelectorAll('details:is(.menu, .export)[open], #outline[open]')) {
    if (!one.contains(event.target)) one.open = false;
  }
});

// The divider.

const divider = by('divider');
function split(percent) {
  const part = Math.round(Math.min(Math.max(percent, 25), 75));
  reader.style.setProperty('--split', `${part}%`);
  divider.setAttribute('aria-valuenow', part);
  return part;
}
split(Number(stored('split')) || 46);
divider.addEventListener('pointerdown', (event) => {
  divider.setPointerCapture(event.pointerId);
  event.preventDefault();
});
divider.addEventListener('pointermove', (event) => {
  if (!divider.hasPointerCapture(event.pointerId)) return;
  const frame = reader.getBoundingClientRect();
  split(100 * (event.clientX - frame.left) / frame.width);
});
divider.addEventListener('pointerup', () => store('split', divider.getAttribute('aria-valuenow')));
divider.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: -2, ArrowRight: 2}[event.key];
  if (!step) return;
  event.preventDefault();
  store('split', split(Number(divider.getAttribute('aria-valuenow')) + step));
});

gloss.reader = {
  open: openPaper,
  foundAhead,
  leave: () => { root.dataset.sheet = ''; },
  /** The session is another one, which may see more papers. */
  arrived: () => { if (open.paper && !digest() && !by('digest').querySelector('.busy')) reload(); },
};
gloss.route();

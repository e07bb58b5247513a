// The digest and the paper's pages beside each other. `element` is the digest's place; the pages
// are in #pages. Gradio fills both anew whenever it likes: `draw` then puts the marks where the
// digest on the screen says.
const place = document.getElementById('pages');
const measure = document.createElement('canvas').getContext('2d');
measure.font = '100px serif';
measure.textRendering = 'optimizeSpeed';  // as the style sheet has it: no kerning, no ligatures
let wanted = new URLSearchParams(location.search).get('sentence');  // of a link that was followed
let chosen = null;  // a sentence's name
let shown = null;  // a paper's id

const digest = () => element.querySelector('article.reader');
const pages = () => place.querySelector('.pages');
const sentences = () => [...element.querySelectorAll('.claim')];
const sentence = (name) => sentences().find((one) => one.dataset.sentence === name);
const marksOf = (name) => [...place.querySelectorAll('.mark')]
  .filter((mark) => mark.dataset.sentences.split(' ').includes(name));
const small = matchMedia('(max-width: 768px)');  // there the pages are a sheet at the foot
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
const say = (text) => {
  const line = element.querySelector('.said');
  if (line) line.textContent = text;
};

// Where we are, in the address.

const addressOf = (name) => {
  const address = new URL(location.href);
  address.searchParams.set('paper', digest().dataset.paper);
  if (name) address.searchParams.set('sentence', name);
  else address.searchParams.delete('sentence');
  return address.href;
};
const remember = (name) => history.replaceState(history.state, '', addressOf(name));

// Marks.

function mark(key, names, label) {
  const made = document.createElement('div');
  made.className = 'mark';
  made.dataset.key = key;
  made.dataset.sentences = names.join(' ');
  if (label) {
    made.tabIndex = 0;
    made.setAttribute('role', 'button');
    made.setAttribute('aria-label', label.replace('{}', names.length));
  } else made.setAttribute('aria-hidden', 'true');
  return made;
}

// What the sentences rest on: for each place, the names of the sentences.
function places(field) {
  const found = new Map();
  for (const one of sentences()) {
    for (const cited of JSON.parse(one.dataset[field])) {
      const key = JSON.stringify(cited);
      if (cited.length) found.set(key, [...(found.get(key) || []), one.dataset.sentence]);
    }
  }
  return found;
}

function markPages(paper) {
  paper.querySelectorAll('.marks').forEach((one) => one.replaceChildren());
  const layers = [...paper.querySelectorAll('.page')].map((one) => one.querySelector('.marks'));
  for (const [key, names] of places('marks')) {
    JSON.parse(key).forEach(([page, left, top, width, height], line) => {
      const made = mark(key, names, line === 0 && paper.dataset.mark);
      made.style.cssText = `left:${left}%;top:${top}%;width:${width}%;height:${height}%`;
      layers[page - 1]?.append(made);
    });
  }
}

function markText(paper) {
  const spans = [...places('spans')].map(([key, names]) => ({span: JSON.parse(key), key, names}));
  for (const block of paper.querySelectorAll('.block')) {
    const start = Number(block.dataset.start);
    const letters = Array.from(block.textContent);  // Python counts letters, not UTF-16
    const within = spans.filter(({span}) => span[0] < start + letters.length && span[1] > start);
    const cuts = within.flatMap(({span}) => span.map((one) => one - start));
    const ends = [...new Set([0, ...cuts, letters.length])]
      .filter((one) => one >= 0 && one <= letters.length).sort((a, b) => a - b);
    block.replaceChildren(...ends.slice(1).map((end, number) => {
      const begin = ends[number];
      const text = letters.slice(begin, end).join('');
      const mine = within.filter(({span}) => span[0] <= start + begin && span[1] >= start + end);
      if (!mine.length) return document.createTextNode(text);
      const names = [...new Set(mine.flatMap((one) => one.names))];
      const first = mine.some(({span}) => span[0] === start + begin);
      const made = mark(mine[0].key, names, null);
      made.removeAttribute('aria-hidden');
      if (first) {
        made.tabIndex = 0;
        made.setAttribute('role', 'button');
      }
      made.textContent = text;
      return made;
    }));
  }
}

// The words of a page over its picture. A printed line is one block, so that the browser finds
// phrases in it; each word, and each gap, is spaced to be as wide as it is on the page.

const wide = (text, size) => measure.measureText(text).width * size / 100;

function runsOf(lines) {
  const runs = [];
  for (const line of lines) {
    let before = null;
    for (const word of line) {
      const [x0, y0, , y1] = word;
      const goesOn = before && x0 >= before[2] - 1
        && Math.abs((y0 + y1) - (before[1] + before[3])) < y1 - y0;
      if (goesOn) runs.at(-1).push(word);
      else runs.push([word]);
      before = word;
    }
  }
  return runs;
}

function block(run, width, height) {
  const made = document.createElement('p');
  const top = Math.min(...run.map((word) => word[1]));
  const size = Math.max(...run.map((word) => word[3])) - top;
  const part = (points) => `${(100 * points / width).toFixed(4)}cqw`;
  const put = (text, room) => {
    const span = document.createElement('span');
    span.textContent = text;
    span.style.letterSpacing = part((room - wide(text, size)) / Array.from(text).length);
    made.append(span);
  };
  run.forEach(([x0, , x1, , text], number) => {
    put(text, x1 - x0);
    if (number + 1 < run.length) put(' ', run[number + 1][0] - x1);
  });
  made.style.cssText = `left:${100 * run[0][0] / width}%;top:${100 * top / height}%;`
    + `font-size:${part(size)}`;
  return made;
}

async function write(page) {
  if (page.dataset.written) return;
  page.dataset.written = 'begun';
  const {address, version} = pages().dataset;
  const answer = await fetch(`${address}/pages/${page.dataset.page}.json?v=${version}`);
  if (!answer.ok) return;
  const [width, height] = [Number(page.dataset.width), Number(page.dataset.height)];
  const runs = runsOf(await answer.json());
  page.querySelector('.words').replaceChildren(...runs.map((run) => block(run, width, height)));
  page.dataset.written = 'yes';
}

let near = null;
async function writePages(paper) {
  near?.disconnect();
  near = new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) write(one.target);
  }, {root: paper, rootMargin: '800px'});
  const all = [...paper.querySelectorAll('.page')];
  all.forEach((page) => near.observe(page));
  // The others later, one by one, so that the browser's search finds words on any page.
  for (const page of all) {
    await new Promise((go) => (window.requestIdleCallback || setTimeout)(go, {timeout: 1000}));
    if (!paper.isConnected) return;
    await write(page);
  }
}

// Choosing.

function show(name, {scroll = true} = {}) {
  for (const one of sentences()) {
    const on = one.dataset.sentence === name;
    one.classList.toggle('chosen', on);
    one.classList.remove('rests');
    one.querySelector('.say').setAttribute('aria-pressed', on);
  }
  place.querySelectorAll('.mark.on').forEach((one) => one.classList.remove('on'));
  const marks = marksOf(name);
  marks.forEach((one) => one.classList.add('on'));
  place.closest('.gloss-pages')?.classList.add('open');
  if (scroll && marks.length) {
    const paper = pages();
    const [mark, frame] = [marks[0].getBoundingClientRect(), paper.getBoundingClientRect()];
    const lines = marks.filter((one) => one.parentElement === marks[0].parentElement);
    const left = Math.min(...lines.map((one) => one.getBoundingClientRect().left));
    paper.scrollTo({
      top: paper.scrollTop + mark.top - frame.top - paper.clientHeight / 3,
      left: paper.scrollLeft + left - frame.left - 16,
      behavior: calm(),
    });
  }
  return marks.length;
}

function choose(name) {
  chosen = name;
  remember(name);
  say(show(name) ? '' : digest().dataset.saidNone);
  if (small.matches) sentence(name).scrollIntoView({block: 'start', behavior: calm()});
}

function restingOn(mark, byKey) {
  const names = mark.dataset.sentences.split(' ');
  chosen = names[0];
  remember(chosen);
  show(chosen, {scroll: false});
  place.querySelectorAll('.mark').forEach(
    (one) => one.classList.toggle('on', one.dataset.key === mark.dataset.key));
  names.slice(1).forEach((name) => sentence(name)?.classList.add('rests'));
  const first = sentence(chosen);
  first?.scrollIntoView({block: 'center', behavior: calm()});
  if (byKey) first?.querySelector('.say').focus({preventScroll: true});
  say(digest().dataset.saidRest.replace('{}', names.length));
}

function draw() {
  const article = digest();
  const paper = pages();
  if (!article || !paper || article.dataset.paper !== paper.dataset.paper) return;
  if (paper.classList.contains('text')) markText(paper);
  else {
    markPages(paper);
    if (!paper.dataset.begun) {
      paper.dataset.begun = 'yes';
      writePages(paper);
    }
  }
  const turned = shown !== article.dataset.paper;
  shown = article.dataset.paper;
  if (turned && wanted && sentence(wanted)) {
    chosen = wanted;
    show(chosen);
    sentence(chosen).scrollIntoView({block: 'center'});
  } else if (turned) chosen = null;
  else if (chosen) show(chosen, {scroll: false});
  if (turned) {
    if (wanted && !chosen) say(article.dataset.saidNone);
    wanted = null;
    remember(chosen);
  }
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
  say(digest().dataset.saidCopied);
  const said = button.textContent;
  button.textContent = digest().dataset.saidCopied;
  setTimeout(() => { button.textContent = said; }, 1500);
}

element.addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  const name = event.target.closest('.claim')?.dataset.sentence;
  if (button?.dataset.copy) copy(button.dataset.copy, button);
  else if (button?.dataset.copyFrom) {
    copy(await (await fetch(button.dataset.copyFrom)).text(), button);
  } else if (button && 'link' in button.dataset) copy(addressOf(name), button);
  else if (event.target.closest('a') || String(getSelection()).trim()) return;
  else if (name) choose(name);
});
element.addEventListener('keydown', (event) => {
  if ((event.key === 'Enter' || event.key === ' ') && event.target.matches('.say')) {
    event.preventDefault();
    choose(event.target.closest('.claim').dataset.sentence);
  }
});

// Words lie over the marks, so that they can be selected: look below the pointer.
const markAt = (event) => document.elementsFromPoint(event.clientX, event.clientY)
  .find((one) => one.classList.contains('mark'));
place.addEventListener('click', (event) => {
  if (event.target.closest('[data-close]')) {
    place.closest('.gloss-pages')?.classList.remove('open');
    sentence(chosen)?.querySelector('.say').focus();
    return;
  }
  const found = event.detail ? markAt(event) : event.target.closest('.mark');
  if (found && !String(getSelection()).trim()) restingOn(found, false);
});
place.addEventListener('keydown', (event) => {
  if ((event.key === 'Enter' || event.key === ' ') && event.target.matches('.mark')) {
    event.preventDefault();
    restingOn(event.target, true);
  }
});
place.addEventListener('pointermove', (event) => {
  pages()?.classList.toggle('over', Boolean(markAt(event)));
});

// What is drawn here must not call for itself to be drawn: only what Gradio puts in counts.
const isOurs = (change) => change.target.closest?.('.pages, .reader');
const filled = new MutationObserver((changes) => {
  if (!changes.every(isOurs)) draw();
});
[element, place].forEach((one) => filled.observe(one, {childList: true, subtree: true}));
draw();

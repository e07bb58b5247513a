// The reader's marks on the pages, and the words over them.

function mark(key, names, label) {
  const made = document.createElement('div');
  made.className = 'mark';
  made.dataset.key = key;
  made.dataset.sentences = names.join(' ');
  if (label) {
    made.tabIndex = -1;
    made.setAttribute('role', 'button');
    made.setAttribute('aria-label', label);
  } else made.setAttribute('aria-hidden', 'true');
  return made;
}

// What the sentences rest on, and the place of the address: for each place, the names of these.
function places(field) {
  const found = new Map();
  for (const one of sentences()) {
    for (const cited of JSON.parse(one.dataset[field])) {
      const key = JSON.stringify(cited);
      if (cited.length) found.set(key, [...(found.get(key) || []), one.dataset.sentence]);
    }
  }
  for (const one of own.places) {
    const key = one.span && JSON.stringify(field === 'marks' ? one.marks : one.span);
    if (key && key !== '[]') found.set(key, [...(found.get(key) || []), `own:${one.number}`]);
  }
  if (open.place) {
    const key = JSON.stringify(field === 'marks' ? open.place.marks : open.place.span);
    found.set(key, [...(found.get(key) || []), HERE]);
  }
  return found;
}

function markPages(paper) {
  paper.querySelectorAll('.marks').forEach((one) => one.replaceChildren());
  const layers = [...paper.querySelectorAll('.page')].map((one) => one.querySelector('.marks'));
  for (const [key, names] of places('marks')) {
    const here = names.includes(HERE);
    const mine = names.some(mineOf);
    const resting = names.filter((name) => name !== HERE && !mineOf(name)).length;
    const said = resting ? paper.dataset.mark.replace('{}', resting) : mine ? say('own_mark') : '';
    JSON.parse(key).forEach(([page, left, top, width, height], line) => {
      const made = mark(key, names, line === 0 && said);
      made.classList.toggle('own', mine);
      if (here) made.classList.add('here');
      made.style.cssText = `left:${left}%;top:${top}%;width:${width}%;height:${height}%`;
      layers[page - 1]?.append(made);
    });
  }
  matches.forEach((one, number) => one.marks.forEach(([page, left, top, width, height]) => {
    const made = mark(`match ${number}`, [`match:${number}`], null);
    made.classList.add('match');
    made.classList.toggle('on', number === match);
    made.style.cssText = `left:${left}%;top:${top}%;width:${width}%;height:${height}%`;
    layers[page - 1]?.append(made);
  }));
  const first = paper.querySelector('.mark[role=button]');
  if (first) first.tabIndex = 0;  // one stop for all; arrows lead on
}

/** The letters of a block and where its formulas are, as they came: later these are set. */
function writtenIn(block) {
  const formulas = [];
  let at = 0;
  for (const node of block.childNodes) {
    const begin = at;
    at += Array.from(node.textContent).length;  // Python counts letters, not UTF-16
    if (node.nodeType === 1) formulas.push({begin, end: at, element: node.cloneNode(true)});
  }
  return {letters: Array.from(block.textContent), formulas};
}

function markText(paper) {
  const spans = [...places('spans')].map(([key, names]) => ({span: JSON.parse(key), key, names}));
  matches.forEach((one, number) => spans.push(
    {span: one.span, key: `match ${number}`, names: [`match:${number}`]}));
  for (const block of paper.querySelectorAll('.block')) {
    const start = Number(block.dataset.start);
    const {letters, formulas} = block.written ||= writtenIn(block);
    const within = spans.filter(({span}) => span[0] < start + letters.length && span[1] > start);
    const cuts = within.flatMap(({span}) => span.map((one) => one - start))
      .filter((cut) => !formulas.some((one) => one.begin < cut && cut < one.end));
    const ends = [...new Set([0, ...cuts, ...formulas.flatMap((one) => [one.begin, one.end]), letters.length])]
      .filter((one) => one >= 0 && one <= letters.length).sort((a, b) => a - b);
    const nodes = [];
    let before = null;  // the mark that a piece may go on
    ends.slice(1).forEach((end, number) => {
      const begin = ends[number];
      const text = letters.slice(begin, end).join('');
      // A formula that words of a span reach into belongs to it whole.
      const formula = formulas.find((one) => one.begin === begin);
      const covered = formula ? ({span}) => span[0] < start + end && span[1] > start + begin
        : ({span}) => span[0] <= start + begin && span[1] >= start + end;
      const mine = within.filter(covered);
      const shown = formula ? formula.element.cloneNode(true) : document.createTextNode(text);
      if (!mine.length) {
        nodes.push(shown);
        before = null;
        return;
      }
      const names = [...new Set(mine.flatMap((one) => one.names))];
      const first = mine.some(({span}) => span[0] >= start + begin && span[0] < start + end);
      if (before?.dataset.sentences === names.join(' ') && !first) {
        before.append(shown);
        return;
      }
      const made = before = mark(mine[0].key, names, null);
      made.removeAttribute('aria-hidden');
      made.classList.toggle('here', names.includes(HERE));
      made.classList.toggle('own', names.some(mineOf));
      made.classList.toggle('match', names.some((name) => name.startsWith('match:')));
      if (first && names.some((name) => sentence(name) || mineOf(name))) {
        made.tabIndex = 0;
        made.setAttribute('role', 'button');
      }
      made.append(shown);
      nodes.push(made);
    });
    block.replaceChildren(...nodes);
  }
}

function draw() {
  const paper = pages();
  if (!paper) return;
  if (paper.classList.contains('text')) markText(paper);
  else markPages(paper);
  lighten();
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
  const put = (text, room, start) => {
    const span = document.createElement('span');
    span.textContent = text;
    if (start !== undefined) {
      span.dataset.start = start;
      span.dataset.end = start + Array.from(text).length;
    }
    span.style.letterSpacing = part((room - wide(text, size)) / Array.from(text).length);
    made.append(span);
  };
  run.forEach(([x0, , x1, , text, start], number) => {
    put(text, x1 - x0, start);
    if (number + 1 < run.length) put(' ', run[number + 1][0] - x1);
  });
  made.style.cssText = `left:${100 * run[0][0] / width}%;top:${100 * top / height}%;`
    + `font-size:${part(size)}`;
  return made;
}

async function write(page) {
  if (page.dataset.written) return;
  page.dataset.written = 'begun';
  const {address, version} = page.closest('.pages').dataset;
  const answer = await fetch(`${address}/pages/${page.dataset.page}.json?v=${version}&starts=1`);
  if (!answer.ok) return;
  const [width, height] = [Number(page.dataset.width), Number(page.dataset.height)];
  const runs = runsOf(await answer.json());
  page.querySelector('.words').replaceChildren(...runs.map((run) => block(run, width, height)));
  page.dataset.written = 'yes';
}

let near = null;
async function writePages(paper, signal) {
  near?.disconnect();
  near = new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) write(one.target);
  }, {root: paper, rootMargin: '800px'});
  const all = [...paper.querySelectorAll('.page')];
  all.forEach((page) => near.observe(page));
  // The others later, one by one, so that the browser's search finds words on any page.
  for (const page of all) {
    await new Promise((go) => (window.requestIdleCallback || setTimeout)(go, {timeout: 1000}));
    if (signal.aborted || !paper.isConnected) return;
    await write(page);
  }
}

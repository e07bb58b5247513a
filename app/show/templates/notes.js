// The reader's own notes and tags: on the paper, on sentences of its digest, on words of its pages.

const ownNothing = () => ({paper: null, may: true, version: '', html: '', places: [], known: []});
let own = ownNothing();
let writing = null;  // what the form is for: a note or a tag, on what, or which note is changed
let selected = null;  // words of the pages, as [start, end, what they say]
const drafts = new Map();  // what was typed and not stored, by what it is for
const ownBox = document.createElement('section');
ownBox.id = 'own';
ownBox.setAttribute('aria-label', say('own'));
ownBox.innerHTML = '<div class="own-head"></div><div class="own-form"></div><div class="own-list"></div>';
const [ownHead, ownFormPlace, ownList] = ownBox.children;
const forms = Object.fromEntries(['note', 'tag'].map((kind) => [
  kind, by(`${kind}-form`).content.firstElementChild.cloneNode(true)]));
const mineOf = (name) => (name.startsWith('own:') ? own.places.find(
  (one) => `own:${one.number}` === name) : null);

async function loadNotes(paper, signal) {
  own = ownNothing();
  closeForm(false);
  try {
    putNotes(paper, await ask(`${path(paper)}/notes.json`, {}, signal));
  } catch (error) {
    if (error.name !== 'AbortError') ownBox.remove();  // what failed is said where the paper is not
  }
}

/** Change something; throws with what the server says against it. */
async function storeNote(method, address, body, asked = {}) {
  const paper = open.paper;
  const query = new URLSearchParams({...asked, lang: app.lang});
  let answer;
  try {
    answer = await fetch(`/view/${gloss.keyOf()}/${path(paper)}/${address}?${query}`, {
      method, headers: {'Content-Type': 'application/json'},
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new Error(say('offline'));
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.told || say('failed'));
  gloss.changed();
  if (open.paper === paper) putNotes(paper, told);
}

let forgetting = 0;
function putNotes(paper, told) {
  if (paper !== open.paper) return;
  own = {...told, paper};
  clearTimeout(forgetting);
  placeNotes();
  draw();
  const seconds = Number(ownBox.querySelector('[data-seconds]')?.dataset.seconds || 0);
  if (seconds) {
    forgetting = setTimeout(() => loading && loadKept(paper), 1000 * seconds + 500);
  }
}
async function loadKept(paper) {
  try {
    putNotes(paper, await ask(`${path(paper)}/notes.json`, {}, loading.signal));
  } catch {
    // Another paper is open.
  }
}

/** Each note stands beside what it is on: the paper's and those on words below the title. */
function placeNotes() {
  const article = digest();
  if (!article || own.paper !== open.paper) {
    ownBox.remove();
    return;
  }
  article.querySelectorAll('.claim > .own-notes').forEach((one) => one.remove());
  article.querySelector('header').append(ownBox);
  ownHead.innerHTML = own.html;
  ownList.replaceChildren();
  for (const one of own.places) {
    const beside = sentences().filter((claim) => String(spanOf(claim)) === String(one.span));
    for (const at of beside.length ? beside : [ownList]) {
      const place = document.createElement('div');
      place.className = at === ownList ? 'own-place' : 'own-place own-notes';
      place.dataset.place = one.number;
      place.innerHTML = one.html;
      at.append(place);
    }
  }
  if (writing) putForm();
  roveOwn(null);
}
const spanOf = (claim) => JSON.parse(claim.dataset.spans)[0];

// One stop of the Tab key for all buttons of the notes below the title; arrows lead on.
const ownButtons = () => [...ownBox.querySelectorAll('button')].filter((one) => !one.closest('form'));
function roveOwn(to) {
  const all = ownButtons();
  const there = all.includes(to) ? to : all[0];
  for (const one of all) one.tabIndex = one === there ? 0 : -1;
}
function focusOwn(button = ownButtons()[0]) {
  roveOwn(button);
  button?.focus({preventScroll: true});
}
ownBox.addEventListener('keydown', (event) => {
  const all = ownButtons();
  const now = all.indexOf(event.target);
  if (now < 0) return;
  const last = all.length - 1;
  const to = {
    ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: last,
  }[event.key];
  if (to === undefined || !all[to]) return;
  event.preventDefault();
  focusOwn(all[to]);
});

// The form: one at a time, where its note will stand; over the pages for words of these.

const nameOf = (one) => JSON.stringify([one.paper, one.kind, one.number ?? one.span ?? null]);
function openForm(asked) {
  closeForm();
  writing = {...asked, paper: open.paper, from: document.activeElement};
  const form = forms[asked.kind];
  const told = form.querySelector('.told');
  told.textContent = own.may ? '' : say('own_visitor');
  form.classList.toggle('refused', !own.may);
  form.querySelector('.on').textContent = asked.text ? say('own_on', asked.text) : '';
  const field = form.elements.said;
  field.value = drafts.get(nameOf(writing)) ?? asked.value ?? '';
  form.querySelector('datalist')?.replaceChildren(...own.known.map((name) => new Option(name)));
  putForm();
  (own.may ? field : form.querySelector('[data-cancel]')).focus();
  form.scrollIntoView({block: 'nearest'});
}
function putForm() {
  const form = forms[writing.kind];
  const changed = writing.number
    && by('digest').querySelector(`[data-note="${writing.number}"]`);
  const claim = writing.sentence && sentence(writing.sentence);
  if (writing.overPages) by('pages').before(form);
  else if (changed) changed.after(form);
  else if (claim) claim.append(form);
  else ownFormPlace.append(form);
}
function closeForm(back = true) {
  if (!writing) return;
  const {kind, from} = writing;
  const typed = forms[kind].elements.said.value.trim();
  if (typed && typed !== (writing.value ?? '')) drafts.set(nameOf(writing), typed);
  else drafts.delete(nameOf(writing));
  writing = null;
  forms[kind].remove();
  if (!back) return;
  if (from?.isConnected) from.focus({preventScroll: true});
  else focusOwn();
}
async function save(form) {
  const {kind, number, span} = writing;
  const said = form.elements.said.value.trim();
  if (!said) {
    form.elements.said.focus();
    return;
  }
  const words = span
    ? {start: span[0], end: span[1], version: pages()?.dataset.version ?? own.version} : {};
  form.querySelector('[type=submit]').disabled = true;
  try {
    if (number) await storeNote('PUT', `notes/${number}`, {text: said});
    else if (kind === 'note') await storeNote('POST', 'notes', {text: said, ...words});
    else for (const name of said.split(/[,，]/).filter((one) => one.trim())) {
      await storeNote('POST', 'tags', {name, ...words});
    }
    form.elements.said.value = '';
    closeForm();
    tell(say('own_saved'));
  } catch (error) {
    form.querySelector('.told').textContent = error.message;
  }
  form.querySelector('[type=submit]').disabled = false;
}
for (const form of Object.values(forms)) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    event.stopPropagation();
    save(form);
  });
  form.addEventListener('click', (event) => {
    event.stopPropagation();
    if (event.target.closest('[data-cancel]')) {
      form.elements.said.value = '';
      closeForm();
    }
  });
  form.addEventListener('keydown', (event) => {
    event.stopPropagation();  // not for the lists around it
    if (event.key === 'Escape') closeForm();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

by('digest').addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  const {write: kind, edit, delete: gone, untag, undo, retag} = button?.dataset ?? {};
  if (!button || button.closest('form')) return;
  const claim = button.closest('.claim');
  const there = own.places.find(
    (one) => String(one.number) === button.closest('[data-place]')?.dataset.place);
  try {
    if (kind) {
      openForm(claim ? {kind, sentence: claim.dataset.sentence, span: spanOf(claim)} : {kind});
    } else if (edit) {
      const value = button.closest('.own-note').querySelector('.said-by-me').textContent;
      openForm({kind: 'note', number: edit, value, sentence: claim?.dataset.sentence});
    } else if (gone) {
      await storeNote('DELETE', `notes/${gone}`);
      tell(say('own_deleted'));
      focusOwn(ownBox.querySelector('[data-undo]'));
    } else if (untag) {
      const [start, end] = there?.span ?? [];
      const words = there?.span ? {start, end, version: own.version} : {};
      await storeNote('DELETE', 'tags', null, {name: untag, ...words});
      offerTag(untag, words);
    } else if (undo !== undefined) {
      await storeNote('POST', 'notes/undo');
      focusOwn();
    } else if (retag) {
      await storeNote('POST', 'tags', JSON.parse(retag));
      focusOwn();
    }
  } catch (error) {
    note(error.message);
    tell(error.message);
  }
});
/** A tag that was taken away can be had back. */
function offerTag(name, words) {
  const line = document.createElement('p');
  line.className = 'own-said';
  line.textContent = `${say('own_untagged', name)} `;
  const back = document.createElement('button');
  back.type = 'button';
  back.textContent = say('own_undo');
  back.dataset.retag = JSON.stringify({name, ...words});
  line.append(back);
  ownHead.append(line);
  tell(say('own_untagged', name));
  focusOwn(back);
}

// Words of the pages: whole words, from the first that is selected to the last.

function selectedWords() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed || !pages()) return null;
  const range = selection.getRangeAt(0);
  if (!place.contains(range.commonAncestorContainer)) return null;
  const found = pages().classList.contains('text') ? endsInText(range) : endsOnPages(range);
  return found && found[0] < found[1] ? found : null;
}
function endsOnPages(range) {
  const words = [...place.querySelectorAll('.words [data-start]')].filter((one) => {
    if (!range.intersectsNode(one)) return false;
    const {startContainer: first, endContainer: last} = range;
    const left = one.contains(first) && range.startOffset === first.textContent.length;
    return !left && !(one.contains(last) && range.endOffset === 0);
  });
  if (!words.length) return null;
  const bounds = [words[0], words.at(-1)].flatMap(
    (one) => [Number(one.dataset.start), Number(one.dataset.end)]);
  const text = words.map((one) => one.textContent).join(' ');
  return [Math.min(...bounds), Math.max(...bounds), text];
}
/** Letters as the paper has them: a formula, which is set, counts as it is written, and whole. */
function endsInText(range) {
  const length = (text) => Array.from(text).length;
  const at = (node, offset, side) => {
    const block = (node.closest ? node : node.parentElement).closest('.block');
    if (!block) return null;
    const start = Number(block.dataset.start);
    const shown = [...block.querySelectorAll('.tex')];
    const written = block.written?.formulas ?? [];
    const inside = shown.findIndex((one) => one.contains(node));
    if (inside >= 0) return start + written[inside][side];
    const before = document.createRange();
    before.selectNodeContents(block);
    before.setEnd(node, offset);
    const passed = shown.filter((one) => before.comparePoint(one, 0) === 0);
    return passed.reduce(
      (sum, one, number) => sum - length(one.textContent) + written[number].end - written[number].begin,
      start + length(before.toString()));
  };
  const ends = [
    at(range.startContainer, range.startOffset, 'begin'),
    at(range.endContainer, range.endOffset, 'end')];
  return ends.includes(null) ? null : [...ends, range.toString().trim()];
}

const noteButton = by('note-words');
let unselecting = 0;
function noteOn() {
  if (selected) return {span: selected.slice(0, 2), text: selected[2]};
  if (chosen && sentence(chosen)) {
    return {span: spanOf(sentence(chosen)), text: sentence(chosen).querySelector('.say > span').textContent};
  }
  return open.place ? {span: open.place.span, text: open.place.text} : null;
}
function offerNote() {
  noteButton.hidden = !noteOn();
}
document.addEventListener('selectionchange', () => {
  clearTimeout(unselecting);
  const now = selectedWords();
  if (now) selected = now;
  else unselecting = setTimeout(() => { selected = null; offerNote(); }, 400);  // a tap on the button ends it
  offerNote();
});
noteButton.addEventListener('pointerdown', (event) => event.preventDefault());  // keeps the selection
noteButton.addEventListener('click', () => {
  const words = noteOn();
  if (words) openForm({kind: 'note', overPages: true, ...words});
});

/** A note that was chosen by its mark on the page. */
function showNote(number) {
  const [card] = by('digest').querySelectorAll(`[data-place="${number}"]`);
  if (!card) return;
  if (small.matches) {  // the list is below the sheet
    const value = card.querySelector('.said-by-me')?.textContent;
    const changed = card.querySelector('[data-note]')?.dataset.note;
    if (changed) openForm({kind: 'note', number: changed, value, overPages: true});
    return;
  }
  card.scrollIntoView({block: 'center', behavior: calm()});
  by('digest').querySelectorAll('.own-place.rests').forEach((one) => one.classList.remove('rests'));
  card.classList.add('rests');
}

// The list of the tab Library: what is chosen stays chosen over pages, orders and filters.
const chosen = new Set();
const view = () => JSON.parse(element.querySelector('.shelf')?.dataset.view || '{}');
const boxes = () => [...element.querySelectorAll('td.choice input')];
const drawn = () => {
  for (const box of boxes()) box.checked = chosen.has(box.value);
  const all = element.querySelector('[data-all]');
  const here = boxes();
  if (all) {
    all.checked = here.length > 0 && here.every((box) => box.checked);
    all.indeterminate = !all.checked && here.some((box) => box.checked);
  }
  const bar = element.querySelector('.chosen');
  if (bar) {
    if (bar.hidden !== (chosen.size === 0)) bar.hidden = chosen.size === 0;
    const said = bar.querySelector('[data-chosen]');
    const words = said.dataset.chosen.replace('{}', chosen.size);
    if (said.textContent !== words) said.textContent = words;
  }
};
let over = 0;
let turned = false;  // to another page, which is read from its top
const fresh = () => {
  drawn();
  if (turned && element.getBoundingClientRect().top < 0) element.querySelector('.shelf').scrollIntoView();
  turned = false;
  clearTimeout(over);
  const seconds = Number(element.querySelector('[data-undo]')?.dataset.undo || 0);
  if (seconds) over = setTimeout(() => trigger('select', view()), 1000 * seconds + 500);
};
element.addEventListener('change', (event) => {
  if (event.target.matches('[data-all]')) {
    for (const box of boxes()) chosen[event.target.checked ? 'add' : 'delete'](box.value);
  } else if (event.target.matches('[data-by-tag]')) {
    trigger('select', {...view(), tag: event.target.value, page: 1});
    return;
  } else if (event.target.matches('td.choice input')) {
    chosen[event.target.checked ? 'add' : 'delete'](event.target.value);
  }
  drawn();
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.order) {
    const {order, down} = view();
    const next = button.dataset.order;
    trigger('select', {order: next, down: next === order ? !down : next === 'added' || next === 'date', page: 1});
  } else if (button?.dataset.page) {
    trigger('select', {...view(), page: Number(button.dataset.page)});
    turned = true;
  } else if (button?.dataset.do === 'none') {
    chosen.clear();
    drawn();
  } else if (button?.dataset.do === 'remove') {
    trigger('click', {...view(), remove: [...chosen]});
    chosen.clear();
  } else if (button?.dataset.export) {
    take(button);
  } else if (button?.dataset.do === 'take') {
    tagged('take', button.form);
  } else if (button?.dataset.do === 'undo') {
    trigger('click', {...view(), undo: true});
  }
});
element.addEventListener('submit', (event) => {
  event.preventDefault();
  tagged('put', event.target);
});
const tagged = (how, form) => {
  const name = form.elements.name.value.trim();
  if (!name) {
    form.elements.name.focus();
    return;
  }
  trigger('click', {...view(), ids: [...chosen], [how]: name});
  form.reset();
};
// What is chosen as a file; some take a while, so that the button says that it works.
const take = async (button) => {
  const told = element.querySelector('[data-told]');
  told.textContent = '';
  button.disabled = true;
  try {
    const answer = await fetch(`/view/${gloss.keyOf()}/export?lang=${gloss.app.lang}`, {
      method: 'POST', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({ids: [...chosen], form: button.dataset.export}),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).told || gloss.say('failed'));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await answer.blob());
    link.download = decodeURIComponent(answer.headers.get('content-disposition').split("''")[1]);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    button.closest('details').open = false;
  } catch (error) {
    told.textContent = error.message;
  }
  button.disabled = false;
};
document.addEventListener('click', (event) => {
  const open = element.querySelector('.take[open]');
  if (open && !open.contains(event.target)) open.open = false;
});
element.addEventListener('keydown', (event) => {
  const open = event.key === 'Escape' && element.querySelector('.take[open]');
  if (!open) return;
  open.open = false;
  open.querySelector('summary').focus();
});
new MutationObserver((changes) => {
  // Gradio changes what differs: rows may only go, and what we set is taken back.
  if (changes.some((one) => [...one.addedNodes].some((node) => node.nodeType === 1))) fresh();
  else drawn();
}).observe(element, {childList: true, subtree: true, attributes: true, attributeFilter: ['hidden']});
fresh();

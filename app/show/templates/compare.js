// The table of papers: its buttons, and what stays as it was when the next cell comes.
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-sort], [data-hide], [data-show]');
  if (!button) return;
  const {sort, hide, show} = button.dataset;
  trigger('input', {sort, hide, show});
});

let left = 0;
let top = 0;
let focused = null;
element.addEventListener('scroll', (event) => {
  if (event.target.matches?.('.scroll')) ({scrollLeft: left, scrollTop: top} = event.target);
}, true);
element.addEventListener('focusin', (event) => { focused = event.target.dataset.key || null; });
document.addEventListener('pointerdown', (event) => {
  if (!element.contains(event.target)) focused = null;
});
new MutationObserver(() => {
  const scroll = element.querySelector('.scroll');
  if (scroll && (left || top)) Object.assign(scroll, {scrollLeft: left, scrollTop: top});
  if (focused && document.activeElement === document.body) {
    element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({preventScroll: true});
  }
  // The address names the table, so that it can be sent to somebody.
  const named = element.querySelector('[data-address]')?.dataset.address;
  const now = new URLSearchParams(location.search);
  if (!named || now.get('view') !== 'compare') return;
  const kept = new URLSearchParams({view: 'compare'});
  for (const name of ['lang', '__theme']) if (now.has(name)) kept.set(name, now.get(name));
  const address = `${location.pathname}?${kept}&${named}`;
  if (address !== location.pathname + location.search) {
    history.replaceState(history.state, '', address);
  }
}).observe(element, {childList: true, subtree: true});

// The list of the tab Today: marks are set at once here, and kept by the server.
const mark = (item, name, on) => {
  const button = item.querySelector(`[data-mark="${name}"]`);
  button?.setAttribute('aria-pressed', String(on));
  if (name === 'read') item.classList.toggle('read', on);
  trigger('click', {mark: name, ids: [item.dataset.paper], on});
};
element.addEventListener('click', (event) => {
  const item = event.target.closest('li[data-paper]');
  const button = event.target.closest('[data-mark]');
  if (button) {
    mark(item, button.dataset.mark, button.getAttribute('aria-pressed') !== 'true');
    return;
  }
  const link = event.target.closest('a[data-open]');
  if (link && link.dataset.open === item?.dataset.paper && !item.classList.contains('read')) mark(item, 'read', true);
});

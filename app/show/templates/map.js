// The map of the library: closer and back by buttons, by the wheel with Ctrl, moved by dragging.
const WIDE = 1000;
const HIGH = 620;
const NAMED = 24;  // papers whose names fit side by side
const map = () => element.querySelector('svg.map');
let at = {x: 0, y: 0, scale: 1};
const draw = () => {
  const svg = map();
  if (!svg) return;
  const wide = WIDE / at.scale;
  const high = HIGH / at.scale;
  at.x = Math.min(Math.max(at.x, 0), WIDE - wide);
  at.y = Math.min(Math.max(at.y, 0), HIGH - high);
  svg.setAttribute('viewBox', `${at.x} ${at.y} ${wide} ${high}`);
  const dots = [...svg.querySelectorAll('g[data-x]')];
  const seen = dots.filter((dot) => {
    const x = Number(dot.dataset.x);
    const y = Number(dot.dataset.y);
    return x >= at.x && x <= at.x + wide && y >= at.y && y <= at.y + high;
  });
  const names = at.scale > 1 && seen.length <= NAMED;
  for (const dot of dots) {
    dot.setAttribute('transform', `translate(${dot.dataset.x} ${dot.dataset.y}) scale(${1 / at.scale ** 0.8})`);
    dot.classList.toggle('named', names && seen.includes(dot));
  }
  for (const name of svg.querySelectorAll('.group-name')) name.style.fontSize = `${22 / at.scale}px`;
};
const zoom = (by, x = at.x + WIDE / at.scale / 2, y = at.y + HIGH / at.scale / 2) => {
  const scale = Math.min(Math.max(at.scale * by, 1), 40);
  at = {x: x - (x - at.x) * at.scale / scale, y: y - (y - at.y) * at.scale / scale, scale};
  draw();
};
const place = (event) => {
  const box = map().getBoundingClientRect();
  return [at.x + (event.clientX - box.left) / box.width * WIDE / at.scale,
    at.y + (event.clientY - box.top) / box.height * HIGH / at.scale];
};
let from = null;
let moved = false;
element.addEventListener('wheel', (event) => {
  if (!event.ctrlKey || !event.target.closest('svg.map')) return;
  event.preventDefault();
  zoom(event.deltaY < 0 ? 1.25 : 0.8, ...place(event));
}, {passive: false});
element.addEventListener('pointerdown', (event) => {
  moved = false;
  from = event.target.closest('svg.map') && at.scale > 1 ? place(event) : null;
});
element.addEventListener('pointermove', (event) => {
  if (!from || !event.buttons) return;
  const [x, y] = place(event);
  if (Math.hypot(x - from[0], y - from[1]) * at.scale < 6 && !moved) return;
  moved = true;
  at.x -= x - from[0];
  at.y -= y - from[1];
  draw();
});
element.addEventListener('dragstart', (event) => event.preventDefault());
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-zoom]');
  if (button) {
    if (button.dataset.zoom === 'all') at = {x: 0, y: 0, scale: 1};
    zoom({in: 1.6, out: 1 / 1.6}[button.dataset.zoom] || 1);
    return;
  }
  if (moved && event.target.closest('a[data-open]')) {
    event.preventDefault();
    event.stopPropagation();
  }
});
element.addEventListener('keydown', (event) => {
  if (event.key === '+' || event.key === '-') zoom(event.key === '+' ? 1.6 : 1 / 1.6);
});
new MutationObserver((changes) => {
  if (changes.some((one) => [...one.addedNodes].some((node) => node.nodeType === 1))) {
    at = {x: 0, y: 0, scale: 1};
    draw();
  }
}).observe(element, {childList: true, subtree: true});

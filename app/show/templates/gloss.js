// What the page needs before anything of it is drawn. Inlined at the top of the page.
(() => {
  const asked = new URLSearchParams(location.search);
  const known = ['en', 'zh'];
  const wishes = [asked.get('lang'), ...navigator.languages];
  const spoken = wishes.map((wish) => (wish || '').toLowerCase().split('-')[0]);
  const lang = spoken.find((one) => known.includes(one)) || 'en';
  const tag = lang === 'zh' ? 'zh-CN' : 'en';
  // Gradio goes by the browser's language alone; ?lang= is to count in the labels, too.
  Object.defineProperty(navigator, 'language', {get: () => tag});
  const root = document.documentElement;
  root.lang = tag;
  const theme = asked.get('__theme');  // Gradio's name for it
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  const viewOf = (given) => given.get('view') ? 'tab'
    : given.get('paper') ? 'reader' : given.get('q') ? 'found' : 'home';
  root.dataset.view = viewOf(asked);
  window.gloss = {viewOf};
})();

// The list of related papers comes when its section is opened, once.
document.addEventListener('toggle', async (event) => {
  const section = event.target;
  if (!section.matches?.('details[data-related]') || !section.open) return;
  const address = section.dataset.related;
  section.removeAttribute('data-related');
  try {
    const answer = await fetch(address);
    section.querySelector('div').innerHTML = await answer.text();
  } catch {
    section.dataset.related = address;  // the next opening asks again
    section.open = false;
  }
}, true);

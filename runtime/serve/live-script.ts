/**
 * What the live page runs: it puts each section that the server sends into its place, keeps tables open that the reader
 * opened and the focus where it was, and shows the report once the run is finished.
 */
export const liveScript = `
const main = document.querySelector('main');
const words = document.querySelector('#state');
const shown = new Map();
const stops = 'a[href], summary, [tabindex]';
const source = new EventSource('events');
source.addEventListener('view', ({ data }) => {
  const view = JSON.parse(data);
  if (words.textContent !== view.words) words.textContent = view.words;
  words.classList.toggle('bad', view.isStopped);
  for (const id of [...shown.keys()]) {
    if (!view.sections.some(([other]) => other === id)) { shown.delete(id); document.getElementById(id)?.remove(); }
  }
  for (const [id, html] of view.sections) {
    if (shown.get(id) === html) continue;
    const old = document.getElementById(id);
    const fresh = document.createRange().createContextualFragment(html).firstElementChild;
    const open = [...(old?.querySelectorAll('details') ?? [])].map((entry) => entry.open);
    const focus = [...(old?.querySelectorAll(stops) ?? [])].indexOf(document.activeElement);
    if (old) old.replaceWith(fresh); else main.append(fresh);
    fresh.querySelectorAll('details').forEach((entry, index) => { entry.open = open[index] ?? false; });
    if (focus >= 0) fresh.querySelectorAll(stops)[focus]?.focus();
    shown.set(id, html);
  }
});
source.addEventListener('finished', () => location.reload());
`;

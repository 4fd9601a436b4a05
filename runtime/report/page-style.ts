/** The page's style sheet: light and dark by the reader's setting, tables that scroll by themselves, print in black on white. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --text: #1b2330; --faint: #5a6473; --grid: #e3e7ec; --paper: #ffffff; --raised: #f5f7f9; --border: #d4dae1;
  --first: #2b6cb0; --second: #d2691e; --third: #7a52b3; --fourth: #2f855a; --good: #23744a; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6eaf0; --faint: #97a3b4; --grid: #2c3440; --paper: #12161c; --raised: #1a2029; --border: #343e4c;
    --first: #6aa9e9; --second: #f0975a; --third: #b497e7; --fourth: #68c493; --good: #6fd09b; --bad: #ff8a80;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .4rem .8rem; border: 2px solid var(--first); z-index: 2; }
header, main { max-width: 58rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.3rem; margin: 2.8rem 0 .4rem; padding-top: .4rem; border-top: 1px solid var(--border); }
p { max-width: 46rem; margin: .5rem 0 1rem; }
a { color: var(--first); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; list-style: none; margin: 1rem 0 0; padding: 0; font-size: .92rem; }
.subtitle { color: var(--faint); }
.verdict { display: inline-block; padding: .35rem .8rem; border-radius: .4rem; font-weight: 600; border: 1px solid currentColor; }
.good, .right { color: var(--good); }
.bad, .wrong { color: var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .7rem; margin: 1.2rem 0 0; }
.figures div { background: var(--raised); border: 1px solid var(--border); border-radius: .5rem; padding: .6rem .85rem; }
.figures dt { color: var(--faint); font-size: .82rem; }
.figures dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.figures dd small { display: block; font-size: .78rem; color: var(--faint); }
figure { margin: 0 0 1.2rem; }
figure svg { width: 100%; height: auto; display: block; }
figcaption { font-size: .88rem; color: var(--faint); }
details { margin-top: .3rem; }
summary { cursor: pointer; color: var(--first); font-size: .92rem; width: fit-content; }
.scroll { overflow-x: auto; margin: .5rem 0 1.3rem; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; min-width: 50%; }
caption { text-align: left; color: var(--faint); padding-bottom: .35rem; }
th, td { text-align: left; padding: .32rem .65rem .32rem 0; border-bottom: 1px solid var(--border); vertical-align: top; white-space: nowrap; }
thead th { color: var(--faint); font-weight: 600; white-space: normal; vertical-align: bottom; }
td.text { white-space: normal; }
tbody th { font-weight: 600; }
.number { text-align: right; }
small { color: var(--faint); font-weight: 400; }
code { font: .82rem ui-monospace, monospace; }
code.options { white-space: pre-wrap; overflow-wrap: anywhere; display: inline-block; max-width: 26rem; }
.cores .free { fill: var(--raised); stroke: var(--border); stroke-width: .6; }
.chips { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1rem; }
.key { white-space: nowrap; margin-left: .7rem; }
.key span { display: inline-block; width: .75rem; height: .75rem; border-radius: 2px; margin-right: .3rem; vertical-align: -1px; }
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1.2rem; }
.example { background: var(--raised); border: 1px solid var(--border); border-radius: .5rem; padding: .8rem; margin: 0; }
.example img { image-rendering: pixelated; border-radius: .25rem; margin-right: .4rem; }
.example figcaption { color: var(--text); }
.example table { min-width: 100%; margin-top: .4rem; font-size: .82rem; }
#stages td:last-child { white-space: normal; min-width: 14rem; }
progress { width: 8rem; height: .7rem; accent-color: var(--first); }
footer { max-width: 58rem; margin: 3rem auto 2rem; padding: 0 1.25rem; color: var(--faint); font-size: .85rem; }
@media screen and (max-width: 40rem) {
  .figures { grid-template-columns: repeat(2, 1fr); }
  main > section > figure { overflow-x: auto; }
  main > section > figure > svg { min-width: 40rem; }
}
@media print {
  :root { --text: #000; --paper: #fff; --grid: #ddd; --faint: #444; --raised: #fff; --border: #bbb; --first: #1f4e85; --second: #b5530c; --third: #5e3d94; }
  body { font-size: 10pt; }
  nav, summary { display: none; }
  details::details-content { content-visibility: visible; display: block; }
  figure, tr, .figures div, .example { break-inside: avoid; }
  h2 { break-after: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; min-width: 0; max-width: 100%; }
  th, td { white-space: normal; overflow-wrap: anywhere; padding-right: .4rem; }
  #cores th, #cores td { overflow-wrap: normal; }
  #cores tbody th { white-space: nowrap; }
  .example { padding: .5rem; }
}
`;

"""How a page is laid out and behaves: one style sheet, and a script that a page does without.

Light and dark follow the reader's system. Figures are drawn once, dark on white, and turned by a filter that
keeps hues. From 1100 pixels on the contents stand beside the text; below, they are a bar that opens.
"""

import base64
import hashlib

STYLE_SHEET = """
:root { color-scheme: light dark; --ink: #1c1f23; --page: #fff; --soft: #4a5058; --link: #00548a;
  --line: #d5d9de; --note: #f3f5f7; --bad: #fbe9df; --good: #e6f4ef; --doubt: #fdf3d4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6e8; --page: #1c1c1c; --soft: #b0b6bd; --link: #7cc0f0; --line: #45494e; --note: #282b2f;
    --bad: #4a2a1a; --good: #17382d; --doubt: #43380f; }
  figure img { filter: invert(.89) hue-rotate(180deg); } }
* { box-sizing: border-box; }
html { scroll-padding-top: 3rem; }
body { margin: 0 auto; max-width: 1080px; padding: 1.2rem; color: var(--ink); background: var(--page);
  font: 16px/1.55 Georgia, "Times New Roman", serif; overflow-wrap: break-word; }
h1, h2, h3, h4, h5, nav, table, figcaption, .note, .answers {
  font-family: -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .4rem 0; }
h2 { font-size: 1.3rem; margin: 2.4rem 0 .6rem; padding-top: .6rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; } h4, h5 { font-size: .92rem; margin: 1.4rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
a { color: var(--link); }
a.here { margin-left: .4em; text-decoration: none; font-weight: 400; opacity: .35; }
a.here::before { content: "#"; } a.here:hover, a.here:focus { opacity: 1; }
nav { font-size: .88rem; line-height: 1.35; position: sticky; top: 0; z-index: 1; background: var(--page);
  margin: 1rem 0; border-block: 1px solid var(--line); }
nav ul { list-style: none; margin: 0; padding: .3rem 0; max-height: 70vh; overflow-y: auto; display: none; }
nav input { position: absolute; opacity: 0; } nav label { display: block; padding: .5rem 0; cursor: pointer; }
nav label::after { content: " \\25be"; } nav input:focus-visible + label { outline: 2px solid var(--link); }
nav input:checked ~ ul { display: block; }
nav li a { display: block; padding: .22rem .6rem; text-decoration: none; border-left: 3px solid transparent; }
nav a[aria-current] { border-color: var(--link); font-weight: 600; }
.place { color: var(--soft); }
details { border-top: 2px solid var(--ink); margin-top: 2.4rem; padding-top: .8rem; }
summary { cursor: pointer; } summary h2 { display: inline; border: 0; }
summary::marker { font-size: 1.2rem; }
math { font-size: 1.08em; }
figure { margin: 1rem 0 1.4rem; } figure img { display: block; width: 100%; height: auto; }
figcaption { font-size: .82rem; color: var(--soft); margin: .3rem 0; max-width: 46rem; }
.files a { margin-right: .5em; white-space: nowrap; }
.answers { list-style: none; padding: 0; max-width: 56rem; font-size: .95rem; line-height: 1.45; }
.answers li { margin: .35rem 0; padding: .1rem .8rem; border-left: 4px solid #8a8a8a; }
.answers .bad { border-color: #d55e00; } .answers .good { border-color: #009e73; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr)); gap: .6rem; }
.scroll { overflow-x: auto; background:  /* a shadow at an edge that hides something */
  linear-gradient(to right, var(--page) 50%, transparent) left / 2rem 100% no-repeat local,
  linear-gradient(to left, var(--page) 50%, transparent) right / 2rem 100% no-repeat local,
  linear-gradient(to right, var(--line), transparent) left / .8rem 100% no-repeat scroll,
  linear-gradient(to left, var(--line), transparent) right / .8rem 100% no-repeat scroll; }
table { border-collapse: collapse; line-height: 1.4; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .7rem; text-align: right; white-space: nowrap; font-weight: 400; }
thead th { border-block: 1.5px solid var(--ink); font-weight: 600; white-space: normal; overflow-wrap: normal;
  vertical-align: bottom; max-width: 8rem; }
tbody tr:last-child > * { border-bottom: 1.5px solid var(--ink); }
.wide { font-size: .78rem; } .wide th, .wide td { padding-inline: .42rem; }
td.text, th.text { text-align: left; } td.long { white-space: normal; min-width: 14rem; }
tr.bad > * { background: var(--bad); } tr.doubt > * { background: var(--doubt); }
.note { font-size: .88rem; background: var(--note); border-left: 4px solid #8a8a8a; padding: .5rem .8rem; }
.note.bad { border-color: #d55e00; background: var(--bad); }
.note.good { border-color: #009e73; background: var(--good); }
@media (min-width: 1100px) {
  html { scroll-padding-top: 1rem; }
  body { max-width: 1400px; display: grid; grid-template-columns: 12rem minmax(0, 66rem); gap: 0 1.5rem; }
  header, main { grid-column: 2; min-width: 0; }
  nav { grid-area: 1 / 1 / span 2; align-self: start; margin: 0; padding-top: .6rem; border: 0; }
  nav ul { display: block; max-height: 94vh; } nav label { display: none; } }
@media (max-width: 640px) {
  body { padding: .8rem; font-size: 15px; }
  .drawn { overflow-x: auto; }
  .drawn::before { content: "wider than this screen: swipe \\2192"; position: sticky; left: 0;
    color: var(--soft); font: .78rem sans-serif; }
  .drawn > img { width: 620px; max-width: none; }
  th, td { padding: .2rem .45rem; }
  .wide thead { position: absolute; left: -99rem; }
  .wide, .wide tbody, .wide tr, .wide th, .wide td { display: block; }
  .wide tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  .wide tbody tr:last-child > * { border-bottom: 0; }
  .wide tbody th, .wide td { display: flow-root; white-space: normal; text-align: right; min-width: 0; }
  .wide tbody th { font-weight: 600; }
  .wide [data-name]::before { content: attr(data-name); float: left; margin-right: 1rem; color: var(--soft);
    font-weight: 400; } }
@media print { nav { display: none; } h2 { break-before: page; } figure, table { break-inside: avoid; } }
"""
SCRIPT = """
const links = new Map([...document.querySelectorAll("nav a")].map(a => [a.hash.slice(1), a]));
const heads = [...links.keys()].map(id => document.getElementById(id)).filter(Boolean);
const place = document.querySelector("nav .place"), box = document.querySelector("nav input");
function reveal() {
  const head = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = head && head.closest("details");
  if (fold && !fold.open) { fold.open = true; head.scrollIntoView(); }
}
function look() {
  const above = heads.filter(head => head.getBoundingClientRect().top < 140);
  const now = above.length ? links.get(above[above.length - 1].id) : null;
  for (const link of links.values()) link.removeAttribute("aria-current");
  if (now) now.setAttribute("aria-current", "location");
  place.textContent = now ? ": " + now.textContent : "";
}
addEventListener("hashchange", reveal);
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
});
addEventListener("scroll", look, { passive: true });
for (const link of links.values()) link.addEventListener("click", () => { box.checked = false; reveal(); });
reveal();
look();
"""
"""Says where the reader is, and opens what a link leads into. Without it links and folds work as they are."""


def policy() -> str:
    """What a page may do: nothing is fetched, and this script alone runs."""
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"

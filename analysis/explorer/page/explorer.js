// One landscape in several views: one level and one chosen point for all of them.
const alive = (shown, birth, death, level) => shown.energy[birth] <= level && (death < 0 || level < shown.energy[death]);
const STEPS = 1000;

const explorer = {
  mesh: null, shown: null, level: 0, chosen: -1, views: [], globe: null, range: [0, 1], waiting: false,

  open(shown) {
    this.shown = shown;
    this.chosen = -1;
    const low = Math.min(...shown.energy), high = Math.max(...shown.energy), margin = 0.04 * (high - low) || 0.1;
    this.range = [low - margin, high + margin];
    this.level = low + 0.35 * (high - low);
    byId("landscape-title").textContent = shown.title;
    byId("verdict").textContent = shown.verdict;
    this.globe = shown.mesh ? new Globe(shown) : null;
    this.views = [this.globe, shown.mesh ? null : new Plane("plane", shown, this.range),
      shown.tree ? new Tree("tree", shown, this.range) : null, shown.degrees.length ? new Barcode("barcode", shown, this.range) : null].filter(Boolean);
    const there = { globe: shown.mesh, plane: !shown.mesh, tree: shown.tree, barcode: shown.degrees.length };
    for (const [name, is] of Object.entries(there)) byId(`${name}-panel`).hidden = !is;
    byId("landscape").hidden = false;
    this.list();
    return this.draw();
  },

  list() {
    const rows = this.shown.energy.map((_, row) => new Option(nameOf(this.shown, row), row));
    byId("point").replaceChildren(new Option("none", -1), ...rows);
  },

  async draw() {
    for (const view of this.views) await view.draw(this.level);
    this.follow();
    this.mark();
  },

  setLevel(level) {
    this.level = Math.min(Math.max(level, this.range[0]), this.range[1]);
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.follow(); });
  },

  step(steps) { this.setLevel(this.level + steps * (this.range[1] - this.range[0]) / STEPS); },

  // The nearest energy of a point beyond the level: upwards just at it, downwards just below it.
  jump(up) {
    const { energy } = this.shown, hair = 1e-9 * (this.range[1] - this.range[0]);
    const beyond = energy.map((value) => (up ? value : value - hair)).filter((value) => (up ? value > this.level : value < this.level));
    if (beyond.length) this.setLevel(up ? Math.min(...beyond) : Math.max(...beyond));
  },

  follow() {
    const [low, high] = this.range, slider = byId("level");
    slider.value = Math.round(STEPS * (this.level - low) / (high - low));
    slider.setAttribute("aria-valuetext", short(this.level));
    byId("at").textContent = `u = ${short(this.level)}`;
    byId("numbers").tBodies[0].replaceChildren(...numbers(this.shown, this.level));
    for (const view of this.views) view.follow(this.level);
  },

  choose(row) { this.chosen = Number(row); this.mark(); },

  mark() {
    byId("point").value = this.chosen;
    byId("chosen").textContent = this.chosen < 0 ? "No point is chosen: click one, or take it from the list." : story(this.shown, this.chosen);
    for (const view of this.views) view.mark(this.chosen);
  },
};

function numbers(shown, level) {
  const rows = [], sums = [0, 0, 0];
  for (let k = 0; k <= shown.dimension; k++) {
    const all = shown.index.filter((index) => index === k).length;
    const below = shown.index.filter((index, row) => index === k && shown.energy[row] <= level).length;
    const known = shown.degrees.includes(k);
    const betti = shown.pairs.filter(([dim, birth, death]) => dim === k && alive(shown, birth, death, level)).length;
    [below, all, betti].forEach((value, column) => { sums[column] += (k % 2 ? -1 : 1) * value; });
    rows.push(rowOf([k, below, all, known ? betti : "?"]));
  }
  const whole = shown.degrees.length === shown.dimension + 1;
  return [...rows, rowOf(["alternating sum", sums[0], sums[1], whole ? sums[2] : "?"])];
}

function rowOf(values) {
  const row = document.createElement("tr");
  values.forEach((value, column) => {
    const cell = document.createElement(column ? "td" : "th");
    if (!column) cell.scope = "row";
    cell.textContent = String(value).replace("-", "−");
    row.append(cell);
  });
  return row;
}

// What a point does to the sublevel sets.
function story(shown, row) {
  const born = shown.pairs.find((pair) => pair[1] === row), dies = shown.pairs.find((pair) => pair[2] === row);
  const begins = `${nameOf(shown, row)}`;
  if (born && born[2] < 0) return `${begins}: a class of degree ${born[0]} begins that never dies.`;
  if (born) return `${begins}: a class of degree ${born[0]} begins; it ends at the ${nameOf(shown, born[2])}.`;
  if (dies) return `${begins}: a class of degree ${dies[0]} ends that began at the ${nameOf(shown, dies[1])}.`;
  return `${begins}: what it does to the topology is not known.`;
}

function listen() {
  byId("level").addEventListener("input", (event) => {
    explorer.setLevel(explorer.range[0] + (event.target.value / STEPS) * (explorer.range[1] - explorer.range[0]));
  });
  byId("before").addEventListener("click", () => explorer.jump(false));
  byId("after").addEventListener("click", () => explorer.jump(true));
  byId("point").addEventListener("change", (event) => explorer.choose(event.target.value));
  byId("globe").addEventListener("keydown", turnByKey);
  document.addEventListener("keydown", moveByKey);
  dark.addEventListener("change", () => { if (explorer.shown) explorer.draw(); if (study.shown) study.draw(); });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function turnByKey(event) {
  const way = ARROWS[event.key];
  if (!way || !explorer.globe) return;
  event.preventDefault();
  event.stopPropagation();
  explorer.globe.turn(way[0] * 0.15, way[1] * 0.15);
}

// Where a control has the focus, its own keys count.
function moveByKey(event) {
  const way = ARROWS[event.key];
  if (!way || !explorer.shown || event.target.closest("input, select, button, [contenteditable]")) return;
  event.preventDefault();
  explorer.step((way[0] + way[1]) * (event.shiftKey ? 10 : 1));
}

async function start() {
  try {
    const data = JSON.parse(byId("data").textContent);
    await loadLibrary();
    listen();
    if (data.mesh) explorer.mesh = { vertices: floats(data.mesh.vertices), faces: integers(data.mesh.faces) };
    if (data.study) await study.open(data.study, data.landscapes);
    else await explorer.open(data.landscapes[0]);
    byId("loading").hidden = true;
    document.body.dataset.ready = "yes";
  } catch (error) {
    byId("loading").textContent = `This page needs a browser of 2023 or later (${error.message}).`;
    throw error;
  }
}

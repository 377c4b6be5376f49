// A study: cells to choose, bins and means beside the exact ones, and landscapes to open.
const study = {
  shown: null, landscapes: [], family: null, cell: null,

  async open(shown, landscapes) {
    this.shown = shown;
    this.landscapes = landscapes;
    byId("study").hidden = false;
    byId("study-title").textContent = shown.name;
    byId("study-text").textContent = `${shown.text} ${said(landscapes.length)}`;
    byId("family").replaceChildren(...shown.families.map((family, k) => new Option(family.title, k)));
    byId("family").addEventListener("change", (event) => this.take(Number(event.target.value), 0));
    byId("cell").addEventListener("change", (event) => this.choose(Number(event.target.value)));
    byId("opened").addEventListener("change", (event) => explorer.open(this.landscapes[event.target.value]));
    if (shown.families.length) await this.take(0, 0);
  },

  take(family, cell) {
    this.family = this.shown.families[family];
    byId("cell").replaceChildren(...this.family.cells.map((one, k) => new Option(`${one.n} (${one.landscapes} landscapes)`, k)));
    return this.choose(cell);
  },

  async choose(place) {
    this.cell = this.family.cells[place];
    byId("cell").value = place;
    const own = this.landscapes.flatMap((one, k) => (one.cell === this.cell.name ? [k] : []));
    const options = own.map((k) => new Option(`landscape ${this.landscapes[k].number}`, k));
    byId("opened").replaceChildren(...(own.length ? options : [new Option("none of this cell is in the page", "")]));
    byId("opened").disabled = !own.length;
    byId("landscape").hidden = !own.length;
    await this.draw();
    if (own.length) await explorer.open(this.landscapes[own[0]]);
    else explorer.shown = null;
  },

  async draw() {
    await Plotly.react(byId("histogram"), histogram(this.cell), logarithmic("H/N", "density", this.cell.histogram), CONFIG);
    const box = byId("counts");
    await Plotly.react(box, counts(this.family, this.cell), logarithmic("N", "mean number"), CONFIG);
    if (box.heard) return;
    box.heard = true;
    box.on("plotly_click", (event) => this.choose(event.points[0].pointIndex));
  },
};

const said = (count) => (count === 1 ? "One landscape is in the page, to be opened." : `${count} landscapes, the first of each cell, are in the page, to be opened.`);

function logarithmic(across, up, binned) {
  const layout = layoutOf({ xaxis: { title: { text: across, standoff: 4 } }, yaxis: { title: { text: up, standoff: 4 }, type: "log", dtick: "D2" } });
  if (!binned) layout.xaxis.dtick = 1;
  // The exact curves fall without end; what is seen is what bins can hold, and a decade below.
  const held = binned ? [...binned.all, ...binned.minima].filter((value) => value > 0) : [];
  if (held.length) layout.yaxis.range = [Math.log10(Math.min(...held)) - 1, Math.log10(Math.max(...held)) + 0.4];
  return layout;
}

const positive = (values) => (values || []).map((value) => (value > 0 ? value : null));

function histogram(cell) {
  const { low, high, exact } = cell.histogram, traces = [];
  const middle = low.map((value, k) => (value + high[k]) / 2);
  [["all", "all points", color("ink")], ["minima", "minima", ofIndex(0)]].forEach(([name, label, tint]) => {
    traces.push({ x: middle, y: positive(cell.histogram[name]), type: "scatter", mode: "markers", name: label, marker: { color: tint, size: 5 },
      error_y: { array: cell.histogram[`${name}_se`], color: tint, thickness: 1, width: 0 }, hovertemplate: "H/N = %{x:.3f}: %{y:.4g} ± %{error_y.array:.2g}" });
    if (exact[name]) {
      traces.push({ x: exact.grid, y: positive(exact[name]), type: "scatter", mode: "lines", name: `${label}, exact`,
        line: { color: tint, width: 1.2 }, hovertemplate: "H/N = %{x:.3f}: %{y:.4g} exactly" });
    }
  });
  return traces;
}

// In all and by index; of more than three indices the legend shows the others on request.
function counts(family, chosen) {
  const n = family.cells.map((cell) => cell.n), most = Math.max(...family.cells.map((cell) => cell.counts.mean.length));
  const series = [["all", color("ink"), (c) => [c.total, c.total_se, c.exact_total]]];
  for (let k = 0; k < most; k++) series.push([`index ${k}`, ofIndex(k), (c) => [c.mean[k] ?? null, c.se[k] ?? null, c.exact ? c.exact[k] ?? null : null]]);
  return series.flatMap(([name, tint, of], place) => {
    const rows = family.cells.map((cell) => of(cell.counts)), visible = place < 4 || "legendonly";
    const sizes = family.cells.map((cell) => (cell === chosen ? 11 : 6));
    const measured = { x: n, y: positive(rows.map((row) => row[0])), error_y: { array: rows.map((row) => row[1]), color: tint, width: 0 }, name, legendgroup: name,
      type: "scatter", mode: "markers", visible, marker: { color: tint, size: sizes }, hovertemplate: "N = %{x}: %{y:.5g} ± %{error_y.array:.2g}" };
    if (rows.every((row) => row[2] === null)) return [measured];
    return [measured, { x: n, y: positive(rows.map((row) => row[2])), name: `${name}, exact`, legendgroup: name, showlegend: false, type: "scatter", visible,
      mode: "lines", line: { color: tint, width: 1.2 }, hovertemplate: "N = %{x}: %{y:.6g} exactly" }];
  });
}

// Charts with the energy upwards: merge tree, barcode, index-energy plane. The level is a line across each.
const kind = (shown, k) => (k === 0 ? "minimum" : k === shown.dimension ? "maximum" : `saddle of index ${k}`);
const nameOf = (shown, row) => `${kind(shown, shown.index[row])}, H/N = ${short(shown.energy[row])}`;

class Chart {
  constructor(name, shown, range) {
    this.box = byId(name);
    this.shown = shown;
    this.range = range;
  }

  line(level) {
    return [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: level, y1: level, line: { color: color("mark"), width: 1.5, dash: "dot" } }];
  }

  layout(level) {
    return layoutOf({
      yaxis: { title: { text: "H/N", standoff: 4 }, range: this.range, zeroline: false }, xaxis: this.across(), shapes: this.line(level),
    });
  }

  draw(level) {
    const drawn = Plotly.react(this.box, [...this.traces(level), this.ring([], [])], this.layout(level), CONFIG);
    if (!this.box.heard) {
      this.box.heard = true;
      this.box.on("plotly_click", (event) => event.points[0].customdata >= 0 && explorer.choose(event.points[0].customdata));
      this.box.addEventListener("pointerdown", (event) => this.dragged(event));
      this.box.addEventListener("pointermove", (event) => event.buttons === 1 && this.dragged(event));
    }
    return drawn;
  }

  // A finger scrolls the page; a mouse moves the level, but not where it chooses a point.
  dragged(event) {
    if (event.pointerType !== "mouse" || (event.type === "pointerdown" && this.box.querySelector(".hoverlayer .hovertext"))) return;
    const box = this.box.getBoundingClientRect(), height = box.height - MARGIN.t - MARGIN.b;
    const part = (event.clientY - box.top - MARGIN.t) / height;
    if (part < 0 || part > 1 || event.clientX < box.left + MARGIN.l) return;
    explorer.setLevel(this.range[1] - part * (this.range[1] - this.range[0]));
  }

  ring(x, y) {
    return { x, y, type: "scatter", mode: "markers", hoverinfo: "skip", showlegend: false,
      marker: { symbol: "circle-open", size: 15, color: color("mark"), line: { width: 3 } } };
  }

  follow(level) {
    const rows = this.moving();
    const changed = this.traces(level).filter((_, row) => rows.includes(row));
    if (!changed.length) return Plotly.relayout(this.box, { shapes: this.line(level) });
    return Plotly.update(this.box, { x: changed.map((t) => t.x), y: changed.map((t) => t.y) }, { shapes: this.line(level) }, rows);
  }

  moving() { return []; }

  mark(row) {
    const places = row < 0 ? [] : this.places(row);
    return Plotly.restyle(this.box, { x: [places.map((p) => p[0])], y: [places.map((p) => p[1])] }, [this.box.data.length - 1]);
  }
}

class Tree extends Chart {
  across() { return { visible: false, range: [-0.7, Math.max(this.shown.tree.leaves - 0.3, 1)] }; }

  // The part of a polyline upwards that is at or below the level, or above it.
  static cut(line, level, below) {
    const kept = [];
    line.forEach(([x, y], k) => {
      if (k && (line[k - 1][1] <= level) !== (y <= level)) {
        const [x0, y0] = line[k - 1], t = (level - y0) / (y - y0);
        kept.push([x0 + t * (x - x0), level]);
      }
      if ((y <= level) === below) kept.push([x, y]);
    });
    return kept;
  }

  branches(level, below) {
    const x = [], y = [];
    for (const line of this.shown.tree.lines) {
      for (const [across, up] of Tree.cut(line, level, below)) { x.push(across); y.push(up); }
      x.push(null); y.push(null);
    }
    return { x, y, type: "scatter", mode: "lines", hoverinfo: "skip", name: below ? "below u" : "above u",
      line: { color: color(below ? "ink" : "faint"), width: below ? 2.2 : 1.2 } };
  }

  nodes(joins) {
    const { row, x, leaves } = this.shown.tree, chosen = row.map((_, k) => k).filter((k) => (k >= leaves) === joins);
    return { x: chosen.map((k) => x[k]), y: chosen.map((k) => this.shown.energy[row[k]]), type: "scatter", mode: "markers",
      name: joins ? "joins" : "minima", customdata: chosen.map((k) => row[k]), text: chosen.map((k) => nameOf(this.shown, row[k])),
      hovertemplate: "%{text}<extra></extra>", marker: { color: ofIndex(joins ? 1 : 0), symbol: joins ? "diamond" : "circle", size: 8 } };
  }

  traces(level) { return [this.branches(level, false), this.branches(level, true), this.nodes(false), this.nodes(true)]; }

  moving() { return [0, 1]; }

  places(row) {
    const { row: rows, x } = this.shown.tree;
    return rows.flatMap((own, k) => (own === row ? [[x[k], this.shown.energy[row]]] : []));
  }
}

class Barcode extends Chart {
  across() { return { visible: false, range: [-1, this.shown.pairs.length] }; }

  end(death) { return death < 0 ? this.range[1] : this.shown.energy[death]; }

  bars(degree, level) {
    const x = [], y = [], energy = this.shown.energy;
    this.shown.pairs.forEach(([dim, birth, death], place) => {
      if (dim !== degree) return;
      if (level !== null && !alive(this.shown, birth, death, level)) return;
      x.push(place, place, null);
      y.push(energy[birth], this.end(death), null);
    });
    return { x, y, type: "scatter", mode: "lines", hoverinfo: "skip", name: `degree ${degree}`, showlegend: level === null,
      line: { color: ofIndex(degree), width: level === null ? 2 : 6 } };
  }

  ends() {
    const x = [], y = [], rows = [], text = [], colors = [];
    this.shown.pairs.forEach(([dim, birth, death], place) => [birth, death].filter((row) => row >= 0).forEach((row, k) => {
      x.push(place); y.push(this.shown.energy[row]); rows.push(row); colors.push(ofIndex(this.shown.index[row]));
      text.push(`degree ${dim}, ${k ? "death" : "birth"}: ${nameOf(this.shown, row)}`);
    }));
    return { x, y, customdata: rows, text, type: "scatter", mode: "markers", showlegend: false,
      hovertemplate: "%{text}<extra></extra>", marker: { size: 6, color: colors } };
  }

  traces(level) {
    const { degrees } = this.shown;
    return [...degrees.map((k) => this.bars(k, null)), ...degrees.map((k) => this.bars(k, level)), this.ends()];
  }

  moving() { return this.shown.degrees.map((_, k) => this.shown.degrees.length + k); }

  places(row) {
    const { pairs, energy } = this.shown;
    return pairs.flatMap(([, birth, death], place) => (birth === row || death === row ? [[place, energy[row]]] : []));
  }
}

class Plane extends Chart {
  across() { return { title: { text: "index", standoff: 4 }, range: [-0.6, this.shown.dimension + 0.6], dtick: Math.ceil((this.shown.dimension + 1) / 12), zeroline: false }; }

  // Points of one index stand beside each other in the order of their energies, so that none hides.
  across_of(row) { return this.shown.index[row] + 0.5 * (((row * 0.618034) % 1) - 0.5); }

  traces() {
    const { energy, index } = this.shown;
    return [{ x: energy.map((_, row) => this.across_of(row)), y: energy, customdata: energy.map((_, row) => row), type: energy.length > 4000 ? "scattergl" : "scatter",
      mode: "markers", showlegend: false, text: energy.map((_, row) => nameOf(this.shown, row)), hovertemplate: "%{text}<extra></extra>",
      marker: { size: 6, color: index.map(ofIndex) } }];
  }

  places(row) { return [[this.across_of(row), this.shown.energy[row]]]; }
}

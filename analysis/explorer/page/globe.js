// The globe of a landscape with N = 3: energy as colour, flooded up to the level.
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
const SYMBOLS = ["circle", "diamond", "square"];
const MARKED = 1.03;

function viridis(t) {
  const place = Math.min(Math.max(t, 0), 1) * (VIRIDIS.length - 1), k = Math.min(Math.floor(place), VIRIDIS.length - 2);
  const mixed = VIRIDIS[k].map((from, c) => Math.round(from + (place - k) * (VIRIDIS[k + 1][c] - from)));
  return `rgb(${mixed.join(",")})`;
}

// Colours up to the level, greys above it: the border is where the interpolated energy is the level.
function flood(t) {
  const cut = Math.min(Math.max(t, 0), 1), scale = [];
  for (let k = 0; k <= 16; k++) if (k / 16 < cut) scale.push([k / 16, viridis(k / 16)]);
  if (!scale.length) return [[0, color("land")], [1, color("high")]];
  scale.push([cut, viridis(cut)]);
  return cut < 1 ? [...scale, [cut, color("land")], [1, color("high")]] : scale;
}

class Globe {
  constructor(shown) {
    this.shown = shown;
    this.mesh = { ...explorer.mesh, energy: floats(shown.mesh) };
    this.range = [Math.min(...this.mesh.energy), Math.max(...this.mesh.energy)];
    this.box = byId("globe");
    this.eye = [1.0, 1.0, 0.5];
  }

  column(values, k, wide) { return Array.from({ length: values.length / wide }, (_, row) => values[wide * row + k]); }

  fraction(level) { return (level - this.range[0]) / (this.range[1] - this.range[0]); }

  traces(level) {
    const { vertices, faces, energy } = this.mesh, column = this.column;
    const [x, y, z] = [0, 1, 2].map((k) => column(vertices, k, 3)), [i, j, k] = [0, 1, 2].map((c) => column(faces, c, 3));
    const sphere = {
      type: "mesh3d", x, y, z, i, j, k, intensity: Array.from(energy), cmin: this.range[0], cmax: this.range[1],
      colorscale: flood(this.fraction(level)), showscale: false, hoverinfo: "skip", flatshading: false,
      lighting: { ambient: 0.85, diffuse: 0.25, specular: 0.05, roughness: 0.9 },
    };
    return [sphere, this.gradientLines(), ...SYMBOLS.map((symbol, index) => this.points(symbol, index)), this.ring()];
  }

  gradientLines() {
    const path = floats(this.shown.lines.path), wide = this.shown.lines.drawn, xyz = [[], [], []];
    for (let row = 0; row < path.length / 3; row++) {
      xyz.forEach((column, k) => column.push(1.004 * path[3 * row + k]));
      if (row % wide === wide - 1) xyz.forEach((column) => column.push(null));
    }
    const [x, y, z] = xyz;
    return { type: "scatter3d", mode: "lines", x, y, z, line: { color: color("ink"), width: 3 }, hoverinfo: "skip", name: "gradient lines" };
  }

  points(symbol, index) {
    const rows = this.shown.index.flatMap((k, row) => (k === index ? [row] : [])), at = this.shown.position;
    return {
      type: "scatter3d", mode: "markers", name: ["minima", "saddles", "maxima"][index], customdata: rows,
      x: rows.map((r) => 1.012 * at[r][0]), y: rows.map((r) => 1.012 * at[r][1]), z: rows.map((r) => 1.012 * at[r][2]),
      marker: { symbol, size: 7, color: ofIndex(index), line: { color: "#fff", width: 1 } },
      text: rows.map((r) => nameOf(this.shown, r)), hovertemplate: "%{text}<extra></extra>",
    };
  }

  ring() {
    return { type: "scatter3d", mode: "markers", x: [], y: [], z: [], hoverinfo: "skip", showlegend: false,
      marker: { symbol: "circle-open", size: 16, color: color("mark"), line: { width: 4 } } };
  }

  draw(level) {
    const hidden = { visible: false, range: [-1.05, 1.05] };
    const scene = { xaxis: hidden, yaxis: hidden, zaxis: hidden, aspectmode: "cube", dragmode: "orbit", camera: this.camera() };
    const layout = { ...layoutOf({}), margin: { l: 0, r: 0, t: 34, b: 0 }, scene, dragmode: "orbit", uirevision: "one" };
    const drawn = Plotly.react(this.box, this.traces(level), layout, CONFIG);
    if (!this.box.heard) {
      this.box.heard = true;
      this.box.on("plotly_click", (event) => event.points[0].customdata !== undefined && explorer.choose(event.points[0].customdata));
      this.box.on("plotly_relayout", (event) => event["scene.camera"] && explorer.globe && explorer.globe.turned(event["scene.camera"]));
    }
    return drawn;
  }

  camera() { const [x, y, z] = this.eye; return { eye: { x, y, z }, up: this.up || { x: 0, y: 0, z: 1 }, center: { x: 0, y: 0, z: 0 } }; }

  turned(camera) { this.eye = [camera.eye.x, camera.eye.y, camera.eye.z]; this.up = camera.up; }

  look() { return Plotly.relayout(this.box, { "scene.camera": this.camera() }); }

  // By longitude and latitude, in radians.
  turn(east, north) {
    const [x, y, z] = this.eye, far = Math.hypot(x, y, z);
    const longitude = Math.atan2(y, x) + east, latitude = Math.min(Math.max(Math.asin(z / far) + north, -1.5), 1.5);
    this.eye = [far * Math.cos(latitude) * Math.cos(longitude), far * Math.cos(latitude) * Math.sin(longitude), far * Math.sin(latitude)];
    this.up = { x: 0, y: 0, z: 1 };
    return this.look();
  }

  follow(level) {
    const energy = this.mesh.energy;
    const below = energy.reduce((count, value) => count + (value <= level), 0);
    byId("flooded").textContent = `Flooded: ${below} of ${energy.length} mesh points, ${(100 * below / energy.length).toFixed(1)}% of the sphere.`;
    return Plotly.restyle(this.box, { colorscale: [flood(this.fraction(level))] }, [0]);
  }

  mark(row) {
    const at = row < 0 ? [[], [], []] : this.shown.position[row].map((value) => [MARKED * value]);
    Plotly.restyle(this.box, { x: [at[0]], y: [at[1]], z: [at[2]] }, [this.box.data.length - 1]);
    if (row >= 0) this.face(this.shown.position[row]);
  }

  // Turns a point to the front unless it is there.
  face(position) {
    const far = Math.hypot(...this.eye), along = position.reduce((sum, value, k) => sum + value * this.eye[k], 0) / far;
    if (along > 0.35) return;
    const side = position.map((value, k) => value + 0.15 * (k === 2));
    const length = Math.hypot(...side);
    this.eye = side.map((value) => far * value / length);
    this.up = Math.abs(this.eye[2]) > 0.95 * far ? { x: 1, y: 0, z: 0 } : { x: 0, y: 0, z: 1 };
    this.look();
  }
}

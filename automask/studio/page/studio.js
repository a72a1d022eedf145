"use strict";
// The page of the studio. It speaks to /v1 only, keeps every change on the server at once, and draws on one canvas.

const $ = (id) => document.getElementById(id);
const canvas = $("canvas"), pen = canvas.getContext("2d");
const TOOLS = { v: "look", c: "point", b: "box", p: "brush", e: "erase" };
const KEYS = {
  "V C B P E": "move, click, box, brush, eraser", "[ ]": "smaller, larger brush", "S": "snap to edges on or off",
  "1 to 9": "choose a mask", "Ctrl+Z, Ctrl+Shift+Z": "undo, redo", "Ctrl+Enter": "paint", "M": "masks or result",
  "G": "variants side by side or one",
  "< >": "move the slider", "+ - 0": "zoom in, out, whole photo", "arrows": "move the photo",
  "Space or Enter on the photo": "click in the middle, with the tool",
  "J K": "next, previous photo", "Y N O": "accept, reject, reopen", "?": "these keys",
};
const S = {
  photos: [], id: null, state: null, before: null, sizeWh: null, regions: [], overlays: [], hits: [], active: 0,
  hovered: -1, tool: "point", view: { scale: 1, x: 0, y: 0 }, after: [], shown: 0, comparing: false, slider: 0.5,
  undo: [], redo: [], drawing: null, offers: [], offered: -1, known: { things: [], which: [], sets: [], removal: [], materials: [], colours: [] },
  running: null, saving: Promise.resolve(), reading: null, wanted: null, pending: 0, at: [0, 0], wrong: null, parts: [],
  kept: null, isFitted: true, isGrid: false, cuts: null, tiles: new Map(),
};

// ------------------------------------------------------------------------------------------------------------- server

async function ask(path, options = {}) {
  const sent = { method: "GET", ...options };
  if (options.json !== undefined) {
    sent.body = JSON.stringify(options.json);
    sent.headers = { "content-type": "application/json" };
  }
  let answer;
  try { answer = await fetch(path, sent); }
  catch { throw { problem: "the studio does not answer", hint: "start it again: nothing is lost", gone: true }; }
  const body = answer.headers.get("content-type")?.includes("json") ? await answer.json() : null;
  if (!answer.ok) throw { problem: `status ${answer.status}`, hint: "", ...body?.error, status: answer.status };
  return body;
}

function ended(job, tell) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/v1/jobs/${job.id}/events`);
    const heard = (info) => {
      tell(info);
      if (!["done", "failed", "stopped"].includes(info.state)) return;
      events.close();
      if (info.state === "done") resolve(info);
      else reject(info.error ?? { problem: "stopped", hint: "", stopped: true });
    };
    events.onmessage = (event) => heard(JSON.parse(event.data));
    // A broken stream opens itself again; only a studio that does not answer a question either is gone.
    events.onerror = () => ask(`/v1/jobs/${job.id}`).then(heard, (error) => { events.close(); reject(error); });
  });
}

const picture = (src) => new Promise((resolve, reject) => {
  const image = new Image();
  image.onload = () => resolve(image);
  image.onerror = () => reject({ problem: "a picture could not be loaded", hint: "" });
  image.src = src;
});

function say(text, isWrong = false) {
  $("status").textContent = text;
  $("status").style.color = isWrong ? "var(--wrong)" : "";
}

const told = (error) => say([error.problem ?? String(error), error.hint].filter(Boolean).join("; "), !error.stopped);

// -------------------------------------------------------------------------------------------------------------- queue

async function loadQueue() {
  const queue = await ask("/v1/photos");
  S.photos = queue.photos;
  showQueue();
  const wanted = decodeURIComponent(location.hash.slice(1));
  const first = S.photos.find((one) => one.id === wanted) ?? S.photos[0];
  if (first) await open(first.id);
}

function showQueue() {
  const marks = { accepted: "\u2713 accepted", rejected: "\u2715 rejected", open: "" };
  $("photos").replaceChildren(...S.photos.map((photo) => {
    const item = document.createElement("li"), button = document.createElement("button");
    const image = document.createElement("img"), mark = document.createElement("span");
    image.src = `/v1/photos/${photo.id}/image?size=240`;
    image.alt = "";
    image.loading = "lazy";
    mark.className = "mark";
    mark.textContent = marks[photo.state.decision];
    button.append(image, mark, photo.name);
    button.onclick = () => open(photo.id);
    if (photo.id === S.id) item.setAttribute("aria-current", "true");
    item.append(button);
    return item;
  }));
  const decided = S.photos.filter((one) => one.state.decision !== "open").length;
  $("several").hidden = S.photos.length < 2;
  $("decided").hidden = S.photos.length < 2;
  $("decided").max = Math.max(1, S.photos.length);
  $("decided").value = decided;
  const at = S.photos.find((one) => one.id === S.id);
  $("where").textContent = !at ? "" : S.photos.length < 2 ? at.name : `${at.name} \u2013 ${decided} of ${S.photos.length} decided`;
}

async function open(id) {
  S.wanted = id;
  await keepTyped().catch(told);
  await S.saving.catch(() => {});
  if (S.wanted !== id) return;
  stopRunning("masks", "preview");
  const photo = await ask(`/v1/photos/${id}`);
  if (S.wanted !== id) return;
  // Both at once: what is said or drawn now must not be kept for another photo.
  S.id = id;
  S.state = photo.state;
  location.hash = id;
  S.kept = { version: photo.version, state: JSON.stringify(photo.state) };
  Object.assign(S, { regions: [], overlays: [], hits: [], after: [], comparing: false, undo: [], redo: [], sizeWh: null, active: 0, cuts: null, isGrid: false });
  S.tiles.clear();
  S.photos = S.photos.map((one) => (one.id === id ? photo : one));
  $("words").value = S.state.words;
  $("seed").value = S.state.settings.seed ?? 0;
  $("candidates").value = S.state.settings.candidates ?? 1;
  $("saved").textContent = "";
  showQueue();
  try { S.before = await picture(`/v1/photos/${id}/image`); } catch (error) { told(error); return; }
  if (S.id !== id) return;
  fit();
  if (photo.has_result) {
    S.after = [await savedResult(id)];
    S.comparing = !S.state.words || !photo.present || photo.state.decision !== "open";
  }
  showAfter();
  showRegions();
  $("saved").textContent = photo.has_result ? (photo.is_current ? "Saved as it is on the screen." : "A result is saved; it may differ from the screen.") : "";
  say(photo.present ? "" : "The photo of this result was not found: open the studio with --photos FOLDER to correct it.");
  await typed(true);
}

const savedResult = async (id) => ({ image: await picture(`/v1/photos/${id}/result?${Date.now()}`), words: [], saved: Date.now() });

async function keep(id = S.id, state = S.state) {
  S.pending += 1;
  S.saving = S.saving.catch(() => {}).then(() => put(id, state));
  try {
    const photo = await S.saving;
    const wasDecided = S.photos.find((one) => one.id === id)?.state.decision;
    S.photos = S.photos.map((one) => (one.id === id ? photo : one));
    if (wasDecided !== photo.state.decision) showQueue();
  } finally { S.pending -= 1; }
}

// Two tabs may have the same photo open: what the other one kept meanwhile is taken over, never written over.
async function put(id, state) {
  for (;;) {
    const known = S.id === id ? S.kept : null;
    const headers = { "content-type": "application/json", ...(known ? { "if-match": known.version } : {}) };
    try {
      const photo = await ask(`/v1/photos/${id}`, { method: "PUT", headers, body: JSON.stringify(state) });
      if (S.id === id) S.kept = { version: photo.version, state: JSON.stringify(photo.state) };
      return photo;
    } catch (error) {
      if (error.status !== 412) throw error;
      const photo = await ask(`/v1/photos/${id}`);
      Object.assign(state, together(JSON.parse(known.state), state, photo.state));
      S.kept = { version: photo.version, state: JSON.stringify(photo.state) };
      if (S.id === id && document.activeElement !== $("words")) $("words").value = state.words;
    }
  }
}

function together(base, mine, theirs) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const merged = {};
  for (const key of ["words", "off", "decision", "settings"]) merged[key] = same(mine[key], base[key]) ? theirs[key] : mine[key];
  merged.strokes = {};
  for (const target of new Set([...Object.keys(mine.strokes), ...Object.keys(theirs.strokes)])) {
    const [was, own, other] = [base, mine, theirs].map((one) => (one.strokes[target] ?? []).map((drawn) => JSON.stringify(drawn)));
    const left = other.filter((one) => own.includes(one) || !was.includes(one));
    merged.strokes[target] = [...left, ...own.filter((one) => !was.includes(one) && !left.includes(one))].map((one) => JSON.parse(one));
  }
  return merged;
}

function remember() {
  if (!picking) for (const one of S.after) one.picked = false;  // it shows what was said before
  S.undo.push(JSON.stringify({ words: S.state.words, off: S.state.off, strokes: S.state.strokes }));
  S.redo = [];
  S.state.decision = "open";  // what was accepted is what was seen then
}

async function back(from, to) {
  let kept = from.pop();
  if (!kept && from === S.undo) kept = withoutLastStroke();
  if (!kept) return say(from === S.undo ? "nothing to undo" : "nothing to redo");
  to.push(JSON.stringify({ words: S.state.words, off: S.state.off, strokes: S.state.strokes }));
  Object.assign(S.state, JSON.parse(kept), { decision: "open" });
  $("words").value = S.state.words;
  await keep();
  await typed(true);
}

let picking = false;

function withoutLastStroke() {  // after a reload: strokes are kept, the order of other changes is not
  const target = S.regions[S.active]?.target, drawn = S.state.strokes[target];
  if (!drawn?.length) return null;
  return JSON.stringify({ ...S.state, strokes: { ...S.state.strokes, [target]: drawn.slice(0, -1) } });
}

// -------------------------------------------------------------------------------------------------------------- words

let typing = 0;
async function typed(now = false) {
  const mine = ++typing, id = S.id;
  if (!now) await new Promise((resolve) => setTimeout(resolve, 250));
  if (mine !== typing || id !== S.id) return;
  S.reading = readWords(mine, id).then(() => true, told);
  if (!(await S.reading) || mine !== typing || id !== S.id) return;
  if (!S.wrong && S.parts.length) await findMasks();
  else if (!S.parts.length) { S.regions = []; S.overlays = []; showRegions(); draw(); }
}

async function keepTyped() {  // what was typed a moment ago counts
  if (!S.state || $("words").value === S.state.words) return;
  remember();
  S.state.words = $("words").value;
  S.state.off = [];
  await keep();
}

async function readWords(mine, id) {
  await keepTyped().catch(told);
  const words = S.state.words;
  let meant = { parts: [], edits: [], error: null };
  if (words.trim()) meant = await ask("/v1/words", { method: "POST", json: { words } });
  if (mine !== typing || id !== S.id) return;
  S.parts = meant.parts;
  showWrong(meant.error);
  showChips();
}

function showWrong(error) {
  S.wrong = error;
  const words = $("words").value, behind = $("behind");
  behind.textContent = "";
  $("wrong").hidden = !error;
  $("words").setAttribute("aria-invalid", error ? "true" : "false");
  if (!error) return;
  $("wrong").textContent = [error.problem, error.hint].filter(Boolean).join("\n");
  if (!error.line) return;
  const lines = words.split("\n");
  const start = lines.slice(0, error.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + error.column - 1;
  const mark = document.createElement("u");
  // What is missing at the end is underlined as the part that lacks it.
  const from = start < words.trimEnd().length ? start : Math.max(0, words.trimEnd().search(/[^;\n]*$/));
  const length = Math.max(1, (words.slice(from).match(/^[^;\n]*/)?.[0] ?? "").trimEnd().length);
  mark.textContent = words.slice(from, from + length);
  behind.append(words.slice(0, from), mark, words.slice(from + length));
}

function showChips() {
  $("chips").replaceChildren(...S.parts.map((part, number) => {
    const item = document.createElement("li"), label = document.createElement("label");
    const box = document.createElement("input"), text = document.createElement("span");
    box.type = "checkbox";
    box.checked = !S.state.off.includes(number);
    box.onchange = async () => {
      remember();
      S.state.off = box.checked ? S.state.off.filter((one) => one !== number) : [...S.state.off, number];
      await keep().catch(told);
      await findMasks();
    };
    text.textContent = part;
    label.append(box, text);
    item.append(label);
    return item;
  }));
}

function wordAtCursor() {
  const area = $("words"), before = area.value.slice(0, area.selectionStart);
  const part = before.split(/[;\n]/).pop();
  const arrow = part.match(/(->|=>|\u2192)([^{,|}]*)$|(->|=>|\u2192).*[{,]([^{,}]*)$/);
  const typedText = (arrow ? (arrow[2] ?? arrow[4]) : part.split(/,|\bexcept\b|\bkeep\b/).pop()).trimStart();
  return { isPaint: Boolean(arrow), text: typedText.toLowerCase(), start: area.selectionStart - typedText.length };
}

function offer() {
  const { isPaint, text } = wordAtCursor();
  const named = isPaint
    ? [...S.known.removal.map((name) => ({ name })), ...S.known.materials.map((one) => ({ name: one.name, material: true })), ...S.known.colours.map((one) => ({ name: one.name, hex: one.hex }))]
    : [...S.known.sets.map((name) => ({ name })), ...S.known.things.map((name) => ({ name })), ...S.known.which.map((name) => ({ name: `${name} ` }))];
  const starts = named.filter((one) => text && one.name.startsWith(text) && one.name !== text);
  const holds = named.filter((one) => text.length > 1 && one.name.includes(text) && !one.name.startsWith(text));
  S.offers = [...starts, ...holds].slice(0, 8);
  S.offered = -1;
  showOffers();
}

function showOffers() {
  const open = S.offers.length > 0 && document.activeElement === $("words");
  $("offers").hidden = !open;
  $("words").setAttribute("aria-expanded", String(open));
  $("words").removeAttribute("aria-activedescendant");
  $("offers").replaceChildren(...S.offers.map((one, number) => {
    const item = document.createElement("li");
    item.id = `offer-${number}`;
    item.role = "option";
    item.setAttribute("aria-selected", String(number === S.offered));
    if (one.hex) {
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = one.hex;
      item.append(swatch);
    } else if (one.material) {
      const image = document.createElement("img");
      image.src = `/v1/materials/${encodeURIComponent(one.name)}/sample.jpg`;
      image.alt = "";
      item.append(image);
    }
    item.append(one.name);
    item.onpointerdown = (event) => { event.preventDefault(); take(number); };
    return item;
  }));
  if (S.offered >= 0) $("words").setAttribute("aria-activedescendant", `offer-${S.offered}`);
}

function take(number) {
  const area = $("words"), { start } = wordAtCursor(), name = S.offers[number].name;
  area.setRangeText(name, start, area.selectionStart, "end");
  S.offers = [];
  showOffers();
  typed();
}

$("words").addEventListener("input", () => { showWrong(null); offer(); typed(); });
$("words").addEventListener("blur", () => { S.offers = []; showOffers(); });
$("words").addEventListener("scroll", () => { $("behind").scrollTop = $("words").scrollTop; });
$("words").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { S.offers = []; showOffers(); return; }  // the page paints
  if (!S.offers.length) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { S.offered = (S.offered + step + S.offers.length) % S.offers.length; showOffers(); event.preventDefault(); }
  else if ((event.key === "Enter" || event.key === "Tab") && S.offered >= 0) { take(S.offered); event.preventDefault(); }
  else if (event.key === "Escape") { S.offers = []; showOffers(); event.preventDefault(); event.stopPropagation(); }
});

// -------------------------------------------------------------------------------------------------------------- masks

let finding = 0;
async function findMasks() {
  const photo = S.photos.find((one) => one.id === S.id);
  if (!photo?.present) return;
  const mine = ++finding, id = S.id;
  S.after = S.after.filter((one) => one.saved || one.picked);
  try {
    const begun = performance.now();
    const job = await run("masks");
    if (mine !== finding || id !== S.id) return;
    const names = job.result.regions.map((one) => one.overlay);
    const images = await Promise.all(names.map((name) => name && picture(`/v1/jobs/${job.id}/files/${name}`)));
    if (mine !== finding || id !== S.id) return;
    S.regions = job.result.regions;
    S.sizeWh = job.result.size_wh;
    S.overlays = images;
    S.hits = [];
    S.active = Math.min(S.active, Math.max(0, S.regions.length - 1));
    showRegions();
    draw();
    const lost = S.regions.filter((one) => !one.found);
    say(lost.length ? lost.map((one) => one.reason).join("; ") : `${S.regions.length} found in ${((performance.now() - begun) / 1000).toFixed(1)} s`, lost.length > 0);
  } catch (error) {
    if (mine === finding && !error.stopped) { showWrong(error.kind === "UnknownPhrase" || error.kind === "PlanError" ? error : S.wrong); told(error); }
  }
}

async function run(what, id = S.id) {
  const job = await ask(`/v1/photos/${id}/${what}`, { method: "POST" });
  stopRunning("masks", ...(what === "masks" ? [] : ["preview"]));
  S.running = job;
  $("stop").hidden = what === "masks";
  try {
    return await ended(job, (info) => {
      if (S.running?.id !== job.id) return;
      if (info.state === "running") say(`${info.doing} \u2026`);
      $("progress").hidden = !["queued", "running"].includes(info.state);
      if (info.total > 1 && info.doing === "painting") { $("progress").max = info.total; $("progress").value = info.done; }
      else $("progress").removeAttribute("value");
    });
  } finally {
    if (S.running?.id === job.id) { S.running = null; $("stop").hidden = true; $("progress").hidden = true; }
  }
}

function stopRunning(...kinds) {  // a save goes on when another photo is opened: only its own button stops it
  if (S.running && kinds.includes(S.running.kind)) ask(`/v1/jobs/${S.running.id}`, { method: "DELETE" }).catch(() => {});
}

function showRegions() {
  $("regions").replaceChildren(...S.regions.map((region, number) => {
    const item = document.createElement("li"), button = document.createElement("button");
    const dot = document.createElement("span"), text = document.createElement("span"), share = document.createElement("small");
    dot.className = "dot";
    dot.style.background = region.colour;
    dot.textContent = region.number;
    const small = document.createElement("small");
    if (!region.found) { small.textContent = region.reason ?? "not found"; small.className = "doubt"; }
    else if (region.yours) small.textContent = "yours";
    else if (region.expected_iou !== null) {
      small.textContent = `quality ${region.expected_iou.toFixed(2)}${region.expected_iou < 0.75 ? ": look at it" : ""}`;
      if (region.expected_iou < 0.75) small.className = "doubt";
    }
    text.append(region.target, small);
    share.textContent = region.found ? `${(100 * region.share).toFixed(1)} %` : "";
    button.append(dot, text, share);
    button.setAttribute("aria-pressed", String(number === S.active));
    button.setAttribute("aria-label", `mask ${region.number}: ${region.target}, ${small.textContent}, ${share.textContent}`);
    button.onclick = () => choose(number);
    button.onpointerenter = button.onfocus = () => { S.hovered = number; draw(); };
    button.onpointerleave = button.onblur = () => { S.hovered = -1; draw(); };
    item.append(button);
    return item;
  }));
  $("hint").textContent = S.regions.length
    ? "Choose a mask, then click on the photo, draw a box, or use the brush. Every stroke is kept."
    : "Say above what to look for, such as island or cabinets.";
  $("undo").disabled = !S.undo.length && !withoutLastStroke();
  $("redo").disabled = !S.redo.length;
}

function choose(number) {
  if (number >= S.regions.length) return;
  S.active = number;
  S.comparing = false;
  showAfter();
  showRegions();
  draw();
}

function isIn(number, x, y) {
  const image = S.overlays[number];
  if (!image) return false;
  if (!S.hits[number]) {
    const hidden = new OffscreenCanvas(image.naturalWidth, image.naturalHeight), own = hidden.getContext("2d", { willReadFrequently: true });
    own.drawImage(image, 0, 0);
    S.hits[number] = own;
  }
  return S.hits[number].getImageData(Math.floor(x), Math.floor(y), 1, 1).data[3] > 40;
}

async function stroke(kind, points, radius) {
  const region = S.regions[S.active];
  if (!region || !S.sizeWh) return say("say first what to look for");
  const scale = S.sizeWh[0] / S.before.naturalWidth;
  remember();
  const one = { kind, points: points.map(([x, y]) => [x * scale, y * scale]), radius_px: Math.max(0.5, radius * scale), snap: $("snap").checked };
  S.state.strokes = { ...S.state.strokes, [region.target]: [...(S.state.strokes[region.target] ?? []), one] };
  await keep().catch(told);
  await findMasks();
}

// ------------------------------------------------------------------------------------------------------------ drawing

let asked = false;
function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; paintCanvas(); });
}

function paintCanvas() {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  if (!S.before) return;
  const { scale, x, y } = S.view;
  if (S.isGrid && S.comparing && S.after.length > 1) return paintGrid(width, height, ratio);
  pen.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio);
  pen.imageSmoothingEnabled = scale < 3;
  pen.drawImage(S.before, 0, 0);
  const w = S.before.naturalWidth, h = S.before.naturalHeight, after = S.after[S.shown];
  drawTiles("photo", "");
  if (S.comparing && after) {
    pen.save();
    pen.beginPath();
    pen.rect(w * S.slider, 0, w * (1 - S.slider), h);
    pen.clip();
    pen.drawImage(after.image, 0, 0, w, h);
    if (after.saved) drawTiles("result", after.saved);
    pen.restore();
    pen.fillStyle = "#fff";
    pen.fillRect(w * S.slider - 1 / scale, 0, 2 / scale, h);
  } else {
    S.overlays.forEach((image, number) => {
      if (!image || (S.hovered >= 0 && S.hovered !== number)) return;
      pen.globalAlpha = S.hovered >= 0 || number === S.active ? 1 : 0.75;
      pen.drawImage(image, 0, 0, w, h);
    });
    pen.globalAlpha = 1;
    S.regions.forEach((region, number) => { if (region.centre && S.overlays[number]) label(region, number, scale); });
  }
  const drawing = S.drawing;
  if (drawing) {
    pen.strokeStyle = drawing.kind === "erase" ? "#d55e00cc" : `${S.regions[S.active]?.colour ?? "#e69f00"}cc`;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    if (drawing.kind === "box") {
      const [[ax, ay], [bx, by]] = [drawing.points[0], drawing.points.at(-1)];
      pen.lineWidth = 2 / scale;
      pen.strokeRect(Math.min(ax, bx), Math.min(ay, by), Math.abs(bx - ax), Math.abs(by - ay));
    } else {
      pen.lineWidth = 2 * drawing.radius;
      drawing.points.forEach(([px, py], number) => (number ? pen.lineTo(px, py) : pen.moveTo(px, py)));
      if (drawing.points.length === 1) pen.lineTo(drawing.points[0][0] + 0.01, drawing.points[0][1]);
      pen.stroke();
    }
  } else if (S.inside && ["brush", "erase"].includes(S.tool) && !S.comparing) {
    pen.lineWidth = 1.5 / scale;
    pen.strokeStyle = "#fff";
    pen.beginPath();
    pen.arc(S.at[0], S.at[1], radius(), 0, 7);
    pen.stroke();
  }
}

// The photo's own pixels, in squares, once the picture of screen size is shown larger than it is.

function drawTiles(of, version) {
  const ratio = window.devicePixelRatio || 1;
  if (S.view.scale * ratio < 1.2 || !S.before) return;
  if (!S.cuts) {
    const id = S.id;
    S.cuts = {};
    ask(`/v1/photos/${id}/size`).then((cuts) => { if (S.id === id) { S.cuts = cuts; draw(); } }, () => {});
  }
  if (!S.cuts.size_wh) return;
  const shrink = S.cuts.size_wh[0] / S.before.naturalWidth;  // pixels of the photo to one of the picture
  if (shrink <= 1) return;
  const dense = shrink / (S.view.scale * ratio);
  const level = Math.min(S.cuts.levels - 1, Math.max(0, Math.floor(Math.log2(dense))));
  const side = S.cuts.tile_px * 2 ** level, box = canvas.getBoundingClientRect();
  const range = (from, length, most) => [Math.max(0, Math.floor(from * shrink / side)), Math.min(Math.ceil(most / side), Math.ceil((from + length) * shrink / side))];
  const [left, right] = range(-S.view.x / S.view.scale, box.width / S.view.scale, S.cuts.size_wh[0]);
  const [top, bottom] = range(-S.view.y / S.view.scale, box.height / S.view.scale, S.cuts.size_wh[1]);
  for (let row = top; row < bottom; row++) for (let column = left; column < right; column++) {
    const image = tile(of, version, level, column, row);
    if (image) pen.drawImage(image, column * side / shrink, row * side / shrink, image.naturalWidth * 2 ** level / shrink, image.naturalHeight * 2 ** level / shrink);
  }
}

function tile(of, version, level, column, row) {
  const key = `${of}.${version}.${level}.${column}.${row}`;
  if (!S.tiles.has(key)) {
    S.tiles.set(key, null);
    const id = S.id;
    picture(`/v1/photos/${id}/tile?of=${of}&level=${level}&column=${column}&row=${row}&${version}`).then((image) => {
      if (S.id !== id) return;
      S.tiles.set(key, image);
      if (S.tiles.size > 160) S.tiles.delete(S.tiles.keys().next().value);
      draw();
    }, () => {});
  }
  return S.tiles.get(key);
}

// All variants next to each other; what is zoomed or moved in one is in all.

function gridOf(width, height) {
  const sizes = S.after.map((_, number) => ({ columns: number + 1, w: width / (number + 1), h: height / Math.ceil(S.after.length / (number + 1)) }));
  const shown = ({ w, h }) => Math.min(w / S.before.naturalWidth, h / S.before.naturalHeight);
  return sizes.reduce((best, one) => (shown(one) > shown(best) ? one : best));
}

function paintGrid(width, height, ratio) {
  const { columns, w, h } = gridOf(width, height), photoW = S.before.naturalWidth, photoH = S.before.naturalHeight;
  const whole = Math.min(w / photoW, h / photoH) * 0.97, more = S.view.scale / (fittedScale() || 1);
  const scale = whole * Math.max(1, more);
  const [middleX, middleY] = [(canvas.clientWidth / 2 - S.view.x) / S.view.scale, (canvas.clientHeight / 2 - S.view.y) / S.view.scale];
  S.after.forEach((one, number) => {
    const [left, top] = [(number % columns) * w, Math.floor(number / columns) * h];
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.save();
    pen.beginPath();
    pen.rect(left + 2, top + 2, w - 4, h - 4);
    pen.clip();
    const [x, y] = more > 1 ? [middleX, middleY] : [photoW / 2, photoH / 2];
    pen.setTransform(scale, 0, 0, scale, left + w / 2 - x * scale, top + h / 2 - y * scale);
    pen.drawImage(one.image, 0, 0, photoW, photoH);
    pen.setTransform(ratio, 0, 0, ratio, left, top);
    pen.font = "600 14px system-ui, sans-serif";
    pen.textBaseline = "top";
    pen.textAlign = "left";
    const text = nameOf(one), wide = pen.measureText(text).width;
    pen.fillStyle = "#000a";
    pen.fillRect(8, 8, wide + 12, 24);
    pen.fillStyle = "#fff";
    pen.fillText(text, 14, 13);
    pen.restore();
    if (number !== S.shown) return;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.strokeStyle = "#e69f00";
    pen.lineWidth = 3 * ratio;
    pen.strokeRect(left + 2, top + 2, w - 4, h - 4);
  });
}

function pickInGrid(event) {
  const box = canvas.getBoundingClientRect(), { columns, w, h } = gridOf(box.width, box.height);
  const number = Math.floor((event.clientY - box.top) / h) * columns + Math.floor((event.clientX - box.left) / w);
  if (S.after[number]) { S.shown = number; showAfter(); }
}

const nameOf = (one) => [...one.words, ...(one.tried ? [`seed ${one.seed}`] : [])].join(", ");

function label(region, number, scale) {
  if (S.hovered >= 0 && S.hovered !== number) return;
  const shrink = S.before.naturalWidth / S.sizeWh[0], size = 11 / scale;
  const [x, y] = [region.centre[0] * shrink, region.centre[1] * shrink];
  pen.fillStyle = region.colour;
  pen.strokeStyle = "#111";
  pen.lineWidth = (number === S.active ? 3 : 1.5) / scale;
  pen.beginPath();
  pen.arc(x, y, size, 0, 7);
  pen.fill();
  pen.stroke();
  pen.fillStyle = "#111";
  pen.font = `700 ${13 / scale}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(region.number, x, y);
}

const radius = () => Number($("size").value) / 2 / S.view.scale;

function fit() {
  if (!S.before) return;
  const box = canvas.getBoundingClientRect(), w = S.before.naturalWidth, h = S.before.naturalHeight;
  const scale = fittedScale();
  S.isFitted = true;
  S.view = { scale, x: (box.width - w * scale) / 2, y: (box.height - h * scale) / 2 };
  draw();
}

function fittedScale() {
  const box = canvas.getBoundingClientRect();
  return Math.min(box.width / S.before.naturalWidth, box.height / S.before.naturalHeight) || 1;
}

function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const scale = Math.min(24, Math.max(0.02, S.view.scale * factor)), by = scale / S.view.scale;
  S.view = { scale, x: x - (x - S.view.x) * by, y: y - (y - S.view.y) * by };
  S.isFitted = false;
  draw();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left - S.view.x) / S.view.scale, (event.clientY - box.top - S.view.y) / S.view.scale];
}

const fingers = new Map();
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, [event.clientX, event.clientY]);
  canvas.focus({ preventScroll: true });
  const at = place(event);
  if (fingers.size === 2) { S.drawing = null; return; }
  if (S.isGrid && S.comparing && S.after.length > 1) { pickInGrid(event); S.dragging = "view"; return; }
  if (S.comparing && S.tool !== "look" && Math.abs(at[0] - S.slider * S.before?.naturalWidth) * S.view.scale < 24) { S.dragging = "slider"; return; }
  if (event.button === 1 || S.tool === "look" || S.comparing) { S.dragging = "view"; return; }
  if (event.button !== 0) return;
  if (S.tool === "point") { click(at, event.altKey); return; }
  S.drawing = { kind: S.tool, points: [at], radius: radius() };
  draw();
});
canvas.addEventListener("pointermove", (event) => {
  S.at = place(event);
  S.inside = true;
  const before = fingers.get(event.pointerId);
  if (before) {
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    if (fingers.size === 2) {
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, one]) => one);
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]), is = Math.hypot(event.clientX - other[0], event.clientY - other[1]);
      const box = canvas.getBoundingClientRect();
      if (was > 0) zoom(is / was, (event.clientX + other[0]) / 2 - box.left, (event.clientY + other[1]) / 2 - box.top);
    } else if (S.dragging === "view") { S.view.x += dx; S.view.y += dy; S.isFitted = false; }
    else if (S.dragging === "slider") slide(S.at[0] / S.before.naturalWidth);
    else if (S.drawing) {
      const more = event.getCoalescedEvents?.() ?? [];
      for (const one of more.length ? more : [event]) S.drawing.points.push(place(one));
    }
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  } else if (!S.comparing && S.before) {
    const over = S.overlays.findLastIndex((_, number) => inPhoto(S.at) && isIn(number, ...S.at));
    canvas.title = over >= 0 ? S.regions[over].target : "";
  }
  draw();
});
const lift = (event) => {
  fingers.delete(event.pointerId);
  S.dragging = null;
  const drawing = S.drawing;
  S.drawing = null;
  if (!drawing || event.type === "pointercancel") return draw();
  const ends = [drawing.points[0], drawing.points.at(-1)];
  if (drawing.kind === "box") {
    if (Math.abs(ends[0][0] - ends[1][0]) > 3 && Math.abs(ends[0][1] - ends[1][1]) > 3) stroke("box", ends, 1);
  } else stroke(drawing.kind, thinned(drawing.points, drawing.radius), drawing.radius);
  draw();
};
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("pointerleave", () => { S.inside = false; draw(); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

const inPhoto = ([x, y]) => S.before && x >= 0 && y >= 0 && x < S.before.naturalWidth && y < S.before.naturalHeight;

function thinned(points, size) {
  const kept = [points[0]];
  for (const point of points) {
    const [x, y] = kept.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) > size / 6) kept.push(point);
  }
  return kept.slice(0, 4000);
}

function click(at, isTake) {
  if (!inPhoto(at)) return;
  stroke(isTake || isIn(S.active, ...at) ? "take" : "add", [at], 1);
}

// -------------------------------------------------------------------------------------------------------------- paint

async function paint() {
  if ($("words").value !== S.state.words) await typed(true);
  await S.reading;
  if (!S.parts.length || S.wrong) return say("say first what changes");
  const id = S.id;
  try {
    const job = await run("preview");
    const made = await Promise.all(job.result.variants.map(async (one) => ({ ...one, image: await picture(`/v1/jobs/${job.id}/files/${one.file}`) })));
    if (S.id !== id) return;
    const seeds = new Set(made.map((one) => one.seed));
    S.after = made.map((one) => ({ ...one, tried: seeds.size > 1 }));
    S.shown = 0;
    S.comparing = true;
    const reasons = [...new Set(made.flatMap((one) => one.reasons))];
    say(reasons.length ? reasons.join("; ") : "painted at screen size; Accept paints it at full size", reasons.length > 0);
    showAfter();
  } catch (error) { told(error); }
}

function showAfter() {
  $("compare").hidden = !S.after.length;
  $("hide-after").textContent = S.comparing ? "Masks" : "Result";
  const several = S.after.length > 1;
  $("grid").hidden = !several;
  $("grid").setAttribute("aria-pressed", String(S.isGrid));
  $("slider").disabled = several && S.isGrid;
  $("pick").hidden = !several;
  $("variants").hidden = !several || S.isGrid;
  $("variants").replaceChildren(...(several ? S.after : []).map((one, number) => {
    const item = document.createElement("li"), show = document.createElement("button");
    const image = one.image.cloneNode();
    image.alt = "";
    show.append(image, nameOf(one));
    show.setAttribute("aria-pressed", String(number === S.shown));
    show.onclick = () => { S.shown = number; S.comparing = true; showAfter(); };
    item.append(show);
    return item;
  }));
  draw();
}

async function pickVariant(picked) {
  const one = S.after[picked];
  let number = 0;
  $("words").value = $("words").value.replace(/\{[^{}]*\}/g, () => one.words[number++] ?? "");
  S.after = [{ ...one, picked: true }];
  S.shown = 0;
  S.isGrid = false;
  if (one.tried) {
    S.state.settings = { ...S.state.settings, seed: one.seed, candidates: 1 };
    $("seed").value = one.seed;
    $("candidates").value = 1;
    await keep().catch(told);
  }
  showAfter();
  picking = true;
  try { await typed(true); } finally { picking = false; }
}

function slide(share) {
  S.slider = Math.min(1, Math.max(0, share));
  $("slider").value = Math.round(1000 * S.slider);
  draw();
}

$("slider").addEventListener("input", () => { S.comparing = true; $("hide-after").textContent = "Masks"; slide($("slider").value / 1000); });
$("pick").onclick = () => pickVariant(S.shown);
$("grid").onclick = () => { S.isGrid = !S.isGrid; S.comparing = true; showAfter(); };
$("hide-after").onclick = () => { S.comparing = !S.comparing; showAfter(); };
for (const name of ["seed", "candidates"]) $(name).onchange = async () => {
  if (!$(name).checkValidity()) return;
  S.state.settings = { ...S.state.settings, [name]: Number($(name).value) };
  S.state.decision = "open";
  await keep().catch(told);
};

// ------------------------------------------------------------------------------------------------------------ approve

async function decide(decision) {
  const id = S.id, state = S.state;  // another photo may be opened before all is kept
  await keepTyped().catch(told);
  state.decision = decision;
  await keep(id, state).catch(told);
  showQueue();
  if (decision !== "accepted") { if (decision === "rejected" && S.wanted === id) step(1); return; }
  if (!S.photos.find((one) => one.id === id)?.present) return step(1);
  try {
    const job = await run("save", id);
    const photo = await ask(`/v1/photos/${id}`);
    S.photos = S.photos.map((one) => (one.id === id ? photo : one));
    if (S.id === id && !S.pending) { S.state = photo.state; S.kept = { version: photo.version, state: JSON.stringify(photo.state) }; }  // a stroke on a mask from another program is in that mask now
    showQueue();
    say(`saved ${job.result.saved.result}${job.result.saved.yours.length ? "; masks: yours" : ""}`);
    if (S.id === id) {
      if (S.photos.some((one) => one.state.decision === "open")) await step(1);
      else { S.after = [await savedResult(id)]; S.shown = 0; S.comparing = true; showAfter(); }
    }
  } catch (error) {
    told(error);
    if (!error.gone) {  // what could not be saved is not accepted
      const state = (await ask(`/v1/photos/${id}`)).state;
      const photo = await ask(`/v1/photos/${id}`, { method: "PUT", json: { ...state, decision: "open" } });
      if (S.id === id) { S.state.decision = "open"; S.kept = { version: photo.version, state: JSON.stringify(photo.state) }; }
      S.photos = S.photos.map((one) => (one.id === id ? { ...one, state: { ...one.state, decision: "open" } } : one));
      showQueue();
    }
  }
}

async function step(by) {
  const at = S.photos.findIndex((one) => one.id === S.wanted), count = S.photos.length;
  const order = [...Array(count).keys()].slice(1).map((offset) => S.photos[(at + by * offset + by * count + count * count) % count]);
  const next = order.find((one) => one.state.decision === "open") ?? order[0];
  if (next) await open(next.id);
}

$("accept").onclick = () => decide("accepted");
$("reject").onclick = () => decide("rejected");
$("reopen").onclick = () => decide("open");
$("next").onclick = () => stepPlain(1);
$("previous").onclick = () => stepPlain(-1);
function stepPlain(by) {
  const at = S.photos.findIndex((one) => one.id === S.wanted), next = S.photos[(at + by + S.photos.length) % S.photos.length];
  if (next && next.id !== S.wanted) return open(next.id);
}
$("rest").onclick = async () => {
  try {
    await keepTyped();
    await S.saving;
    const answer = await ask(`/v1/photos/${S.id}/rest`, { method: "POST" });
    say(`${answer.changed} photos have these words now`);
    S.photos = (await ask("/v1/photos")).photos;
    showQueue();
  } catch (error) { told(error); }
};
$("export").onclick = async (event) => {
  event.preventDefault();
  const answer = await fetch("/v1/export");
  if (!answer.ok) return told((await answer.json()).error);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = "automask.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

// ----------------------------------------------------------------------------------------------------- photos come in

async function receive(files) {
  let last = null;
  for (const file of files) {
    const form = new FormData();
    form.append("photo", file);
    try { last = await ask("/v1/photos", { method: "POST", body: form }); } catch (error) { told(error); }
  }
  if (!last) return;
  S.photos = (await ask("/v1/photos")).photos;
  await open(last.id);
}

$("file").onchange = () => receive([...$("file").files]);
addEventListener("dragover", (event) => { event.preventDefault(); $("drop").hidden = false; });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
addEventListener("drop", (event) => { event.preventDefault(); $("drop").hidden = true; receive([...event.dataTransfer.files]); });

// --------------------------------------------------------------------------------------------------------------- keys

function choosePen(tool) {
  S.tool = tool;
  S.comparing = S.comparing && tool === "look";
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  canvas.style.cursor = { look: "grab", point: "pointer" }[tool] ?? "crosshair";
  showAfter();
}

for (const button of document.querySelectorAll("[data-tool]")) button.onclick = () => choosePen(button.dataset.tool);
$("undo").onclick = () => back(S.undo, S.redo);
$("redo").onclick = () => back(S.redo, S.undo);
$("fit").onclick = fit;
$("pixels").onclick = () => zoom((S.before && S.sizeWh ? S.sizeWh[0] / S.before.naturalWidth : 1) / S.view.scale);
$("paint").onclick = paint;
$("stop").onclick = () => stopRunning("masks", "preview", "save");
$("help-open").onclick = () => $("help").showModal();
$("queue-toggle").onclick = () => {
  $("queue").hidden = !$("queue").hidden;
  $("queue-toggle").setAttribute("aria-expanded", String(!$("queue").hidden));
  fit();
};
for (const button of document.querySelectorAll("[data-close]")) button.onclick = () => button.closest("dialog").close();
for (const name of ["command", "plan"]) $(`copy-${name}`).onclick = () => navigator.clipboard.writeText($(`${name}-text`).textContent).then(() => say("copied"), () => say("the browser does not copy here: select the text"));
$("command-open").onclick = async () => {
  try {
    const said = await ask(`/v1/photos/${S.id}/command`);
    $("command-text").textContent = said.command;
    $("plan-text").textContent = said.plan;
    $("command").showModal();
  } catch (error) { told(error); }
};
$("keys").append(...Object.entries(KEYS).flatMap(([key, what]) => {
  const term = document.createElement("dt"), about = document.createElement("dd");
  term.textContent = key;
  about.textContent = what;
  return [term, about];
}));

addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const control = event.ctrlKey || event.metaKey;
  const inField = event.target.matches("textarea, input[type=number]");
  if (control && event.key.toLowerCase() === "z" && !inField) {
    event.preventDefault();
    if (event.shiftKey) back(S.redo, S.undo); else back(S.undo, S.redo);
    return;
  }
  if (control && event.key === "Enter") { event.preventDefault(); paint(); return; }
  if (inField) { if (event.key === "Escape") event.target.blur(); return; }
  if (control || event.altKey) return;
  const onCanvas = event.target === canvas;
  if (onCanvas && (event.key === " " || event.key === "Enter")) {
    event.preventDefault();
    const middle = [(canvas.clientWidth / 2 - S.view.x) / S.view.scale, (canvas.clientHeight / 2 - S.view.y) / S.view.scale];
    if (S.tool === "point") click(middle, event.shiftKey);
    else if (["brush", "erase"].includes(S.tool)) stroke(S.tool, [middle], radius());
    return;
  }
  const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
  if (moves && onCanvas) { event.preventDefault(); S.view.x += moves[0]; S.view.y += moves[1]; S.isFitted = false; draw(); return; }
  if (event.target.matches("input, button, a") && [" ", "Enter"].includes(event.key)) return;
  const key = event.key.toLowerCase();
  if (TOOLS[key]) choosePen(TOOLS[key]);
  else if (key >= "1" && key <= "9") choose(Number(key) - 1);
  else if (key === "0") fit();
  else if (key === "+" || key === "=") zoom(1.25);
  else if (key === "-") zoom(0.8);
  else if (key === "[" || key === "]") { $("size").value = Number($("size").value) * (key === "]" ? 1.25 : 0.8); draw(); }
  else if (key === "s") $("snap").checked = !$("snap").checked;
  else if (key === "m") $("hide-after").click();
  else if (key === "g") { if (S.after.length > 1) $("grid").click(); }
  else if (event.key === "<" || event.key === ">") { if (S.after.length) { S.comparing = true; showAfter(); slide(S.slider + (event.key === ">" ? 0.05 : -0.05)); } }
  else if (key === "y") decide("accepted");
  else if (key === "n") decide("rejected");
  else if (key === "o") decide("open");
  else if (key === "j") stepPlain(1);
  else if (key === "k") stepPlain(-1);
  else if (key === "?") $("help").showModal();
});

// The picture has less room while variants are shown below it: what was seen whole stays so.
new ResizeObserver(() => (S.isFitted ? fit() : draw())).observe(canvas);
addEventListener("beforeunload", (event) => { if (S.pending) event.preventDefault(); });
addEventListener("pagehide", () => {  // words that were typed just now
  if (!S.state || $("words").value === S.state.words) return;
  const body = JSON.stringify({ ...S.state, words: $("words").value, off: [] });
  fetch(`/v1/photos/${S.id}`, { method: "PUT", body, headers: { "content-type": "application/json" }, keepalive: true }).catch(() => {});
});
addEventListener("focus", async () => {  // back from another tab, or another program
  if (!S.kept || S.pending || S.running || S.drawing || $("words").value !== S.state.words) return;
  const id = S.id;
  try {
    const photo = await ask(`/v1/photos/${id}`);
    if (S.id === id && photo.version !== S.kept.version && !S.pending) await open(id);
  } catch (error) { told(error); }
});

async function begin() {
  choosePen("point");
  try {
    const known = Promise.all([ask("/v1/materials"), ask("/v1/things")]).then((parts) => {
      S.known = Object.assign({}, ...parts);
      if (document.activeElement === $("words")) offer();
    });
    await loadQueue();
    await known;
  } catch (error) { told(error); }
}
begin();

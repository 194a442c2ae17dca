"use strict";
// Shows one sample at a time, and keeps answers in the browser as they are given.

const review = JSON.parse(document.getElementById("data").textContent);
const items = review.items;
const storageKey = "sklabelquality review " + review.id;
const element = (id) => document.getElementById(id);
const past = [];  // positions and answers before each change, to undo
let current = 0;

// An answer is {answer: "right" | "wrong" | "unsure", correct: string or null}.
let answers = {};
for (const item of items) {
  if (item.answer) answers[item.position] = { answer: item.answer, correct: item.correct };
}

// -- storage -----------------------------------------------------------------

function warn(text) {
  element("warning").textContent = text;
  element("warning").hidden = !text;
}

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) || "{}");
    for (const item of items) {
      const position = item.position;
      if (position in kept) {
        if (kept[position] === null) delete answers[position];
        else answers[position] = kept[position];
      }
    }
  } catch (error) {
    warn("This browser keeps no answers: save them as a file before you close the page.");
  }
}

function keep(position) {
  try {
    // Another window may have kept answers since.
    const kept = JSON.parse(localStorage.getItem(storageKey) || "{}");
    kept[position] = answers[position] || null;
    localStorage.setItem(storageKey, JSON.stringify(kept));
  } catch (error) {
    warn("This answer is not kept by the browser: save the answers as a file before you close the page.");
  }
}

// -- showing -----------------------------------------------------------------

function showContent(content) {
  const place = element("content");
  place.replaceChildren();
  place.scrollTop = 0;
  if (!content) return;
  if (content.kind === "text") {
    const text = document.createElement("pre");
    text.textContent = content.text;
    place.append(text);
    place.tabIndex = 0;  // so that long texts scroll by keys
  } else if (content.kind === "image") {
    const image = document.createElement("img");
    image.src = content.src;
    image.alt = "The sample";
    place.append(image);
  } else {
    const table = document.createElement("table");
    for (const [name, value, unusual] of content.rows) {
      const row = table.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head);
      row.insertCell().textContent = unusual ? value + " (unusual)" : value;
      if (unusual) row.className = "unusual";
    }
    place.append(table);
    place.tabIndex = 0;
  }
}

function show() {
  const item = items[current];
  const given = answers[item.position];
  element("name").textContent = "Sample " + (current + 1) + " of " + items.length + ": " + item.name;
  showContent(item.content);
  element("given").textContent = item.given === null ? "not known" : item.given;
  element("suggestion").textContent = "";
  element("suggest").setAttribute("aria-expanded", "false");
  element("suggestion-line").hidden = item.predicted === null;
  const said = element("answer");
  said.className = given ? given.answer : "";
  said.textContent = !given ? "" : "You said: " + given.answer + (given.correct !== null ? ", it is " + given.correct : "");
  for (const button of document.querySelectorAll("button[data-answer]")) {
    button.setAttribute("aria-pressed", String(Boolean(given) && given.answer === button.dataset.answer));
  }
  for (const button of document.querySelectorAll("button[data-class]")) {
    button.setAttribute("aria-pressed", String(Boolean(given) && given.correct === button.dataset.class));
  }
  element("back").disabled = current === 0;
  element("next").disabled = current === items.length - 1;
  element("undo").disabled = past.length === 0;
  const done = items.filter((other) => answers[other.position]).length;
  element("progress").textContent = done + " done, " + (items.length - done) + " to go";
  element("bar").value = done / items.length;
  element("result").textContent = done === items.length ? summary() : "";
}

function summary() {
  const words = ["All labels have an answer."];
  const strata = {};
  for (const item of items.filter((other) => other.is_drawn)) {
    const stratum = (strata[item.stratum] ||= { size: item.stratum_size, n: 0, wrong: 0 });
    const answer = answers[item.position].answer;
    stratum.n += 1;
    stratum.wrong += { right: 0, unsure: 0.5, wrong: 1 }[answer];
  }
  const parts = Object.values(strata);
  if (parts.length) {
    const total = parts.reduce((sum, part) => sum + part.size, 0);
    const wrong = parts.reduce((sum, part) => sum + (part.size * part.wrong) / part.n, 0);
    words.push("About " + ((100 * wrong) / total).toFixed(1) + " % of all labels are wrong; error_rate() gives the interval.");
  } else {
    const wrong = items.filter((item) => answers[item.position].answer === "wrong").length;
    words.push(wrong + " of these " + items.length + " are wrong.");
  }
  words.push("Save the answers as a file now.");
  return words.join(" ");
}

// -- answering ---------------------------------------------------------------

function change(position, answer) {
  past.push([position, answers[position] || null]);
  if (answer) answers[position] = answer;
  else delete answers[position];
  keep(position);
}

function say(answer, correct = null) {
  change(items[current].position, { answer, correct });
  if (current < items.length - 1) current += 1;
  show();
}

function choose(label) {
  if (label === items[current].given) say("right");
  else say("wrong", label);
}

function move(step) {
  current = Math.min(Math.max(current + step, 0), items.length - 1);
  show();
}

function firstUnanswered() {
  const found = items.findIndex((item) => !answers[item.position]);
  if (found >= 0) current = found;
  show();
}

function undo() {
  if (!past.length) return;
  const [position, before] = past.pop();
  if (before) answers[position] = before;
  else delete answers[position];
  keep(position);
  current = items.findIndex((item) => item.position === position);
  show();
}

function suggest() {
  if (element("suggestion-line").hidden) return;
  element("suggestion").textContent = items[current].predicted;
  element("suggest").setAttribute("aria-expanded", "true");
}

// -- files -------------------------------------------------------------------

function cell(value, isText) {
  let text = value === null ? "" : String(value);
  if (isText && /^[=+\-@\t\r']/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function sheet() {
  const header = ["index", "given_label", "predicted_label", "is_wrong", "correct_label", ...review.columns];
  const lines = items.map((item) => {
    const given = answers[item.position];
    const isWrong = !given ? "todo" : { right: "False", wrong: "True", unsure: "unsure" }[given.answer];
    const correct = given && given.correct !== null ? given.correct : "?";
    return [
      cell(item.name, true), cell(item.given, true), cell(item.predicted, true), isWrong, cell(correct, true),
      ...review.columns.map((name) => cell(item[name] === true ? "True" : item[name] === false ? "False" : item[name], false)),
    ].join(",");
  });
  return [header.join(","), ...lines].join("\r\n") + "\r\n";
}

function exportSheet() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", sheet()], { type: "text/csv" }));
  link.download = review.file_name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function parse(text) {
  const rows = [[""]];
  let quoted = false;
  const last = () => rows[rows.length - 1];
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') { last()[last().length - 1] += '"'; i += 1; }
    else if (c === '"') quoted = !quoted;
    else if (c === "," && !quoted) last().push("");
    else if (c === "\n" && !quoted) rows.push([""]);
    else if (c !== "\r" || quoted) last()[last().length - 1] += c;
  }
  return rows.filter((row) => row.length > 1);
}

function plain(text) {
  return /^'[=+\-@\t\r']/.test(text) ? text.slice(1) : text;
}

function importSheet(text) {
  const [header, ...rows] = parse(text.replace(/^\ufeff/, ""));
  const column = (name) => (header || []).indexOf(name);
  const known = new Set(items.map((item) => String(item.position)));
  const names = ["position", "is_wrong", "correct_label", "n_samples", "random_state"];
  if (names.slice(0, 4).some((name) => column(name) < 0)) {
    warn("This file is no sheet of a review: it must have the columns position, is_wrong, correct_label and n_samples.");
    return;
  }
  const isOther = rows.some((row) => Number(row[column("n_samples")]) !== items[0].n_samples ||
    (column("random_state") >= 0 && String(row[column("random_state")]) !== String(items[0].random_state)) ||
    !known.has(row[column("position")]));
  if (isOther) {
    warn("This file belongs to another review: nothing was read from it.");
    return;
  }
  const words = { false: "right", true: "wrong", unsure: "unsure", right: "right", wrong: "wrong", no: "right", yes: "wrong", 0: "right", 1: "wrong" };
  let count = 0;
  for (const row of rows) {
    const answer = words[row[column("is_wrong")].trim().toLowerCase()];
    if (!answer) continue;
    const correct = plain(row[column("correct_label")]);
    change(Number(row[column("position")]), { answer, correct: answer === "wrong" && correct !== "?" && correct !== "" ? correct : null });
    count += 1;
  }
  warn("");
  show();
  element("progress").textContent += ", " + count + " read from the file";
}

// -- wiring ------------------------------------------------------------------

// A class that is a digit has this digit as its key, whatever its place among classes.
const areDigits = review.classes.some((name) => /^[0-9]$/.test(name));
const classOfKey = {};
review.classes.forEach((name, place) => {
  const option = document.createElement("option");
  option.value = name;
  element("all-classes").append(option);
  if (review.classes.length > 20) return;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.class = name;
  button.textContent = name;
  const key = areDigits ? name : String(place + 1);
  if (/^[0-9]$/.test(key)) {
    classOfKey[key] = name;
    const hint = document.createElement("kbd");
    hint.textContent = key;
    button.append(" ", hint);
  }
  button.addEventListener("click", () => choose(name));
  element("classes").append(button);
});
for (const button of document.querySelectorAll("button[data-answer]")) {
  button.addEventListener("click", () => say(button.dataset.answer));
}
element("back").addEventListener("click", () => move(-1));
element("next").addEventListener("click", () => move(1));
element("first").addEventListener("click", firstUnanswered);
element("undo").addEventListener("click", undo);
element("suggest").addEventListener("click", suggest);
element("export").addEventListener("click", exportSheet);
element("import").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) importSheet(await file.text());
  event.target.value = "";
});
element("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = element("search").value.trim();
  element("search").value = "";
  if (label) choose(label);
  element("card").focus();
});

const keys = {
  r: () => say("right"), w: () => say("wrong"), u: () => say("unsure"), p: suggest, z: undo, n: firstUnanswered,
  ArrowLeft: () => move(-1), ArrowRight: () => move(1),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
  if (event.key in classOfKey) choose(classOfKey[event.key]);
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});
window.addEventListener("storage", (event) => {
  if (event.key === storageKey) { load(); show(); }
});

load();
firstUnanswered();

// Elements, words and numbers, as all parts of the page make them.
'use strict';
const $ = id => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter(child => child !== null));
  return element;
};
const kTasks = 1000;  // how many of the newest the page is about
const kWords = { passed: 'passed at once', retry_passed: 'saved by retry', retry_improved: 'improved, still sparse', rejected: 'rejected', withheld: 'withheld', skipped: 'skipped', error: 'error', open: 'being made', submitting: 'being submitted' };
// Of a decided task; the journal calls a withheld one rejected, as it sends the empty result for either.
const endOf = task => task.outcome === 'rejected' && task.withheld ? 'withheld' : task.outcome || task.state;
const wordFor = task => kWords[openTasks.includes(task.state) ? task.state : endOf(task)] || endOf(task);
// A result's score, or why there is none: the empty result is never judged.
const scoreFor = task => task.score !== null ? `score ${fixed(task.score, 3)}` : task.bytes ? 'not scored' : 'empty result';
const openTasks = ['open', 'submitting'];
const isOpen = task => openTasks.includes(task.state);
const count = n => n === null || n === undefined ? '–' : n.toLocaleString();
const fixed = (n, digits = 2) => n === null || n === undefined ? '–' : n.toFixed(digits);
// 100.0 % means all of them.
const percent = (n, of) => of ? `${Math.min(100 * n / of, n < of ? 99.9 : 100).toFixed(1)} %` : '–';
const rewards = n => n === null ? '–' : n.toLocaleString(undefined, { maximumSignificantDigits: n >= 100 ? 6 : 3, maximumFractionDigits: 4 });
// The attempts of a story that count, as `attempts` of a listing counts them: not those that were cut off.
const attemptsOf = story => story.attempts.filter(a => !a.superseded);
const judgedOf = counts => counts.accepted + counts.zero_scores;
const times = (n, what) => `${count(n)} ${what}${n === 1 ? '' : 's'}`;
const short = text => text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-5)}` : text;
const span = s => s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : s < 172800 ? `${(s / 3600).toFixed(1)} h` : `${(s / 86400).toFixed(1)} days`;
const ago = at => at === null ? 'never' : `${span(Math.max(0, (Date.now() - at) / 1000))} ago`;
// "5 s ago" that stays true: refreshTimes() says it anew.
const when = at => at === null ? 'never' : make('time', { datetime: new Date(at).toISOString(), title: new Date(at).toLocaleString() }, ago(at));
function refreshTimes() {
  for (const element of document.querySelectorAll('time')) {
    const text = ago(Date.parse(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

// Names and errors are other people's words: characters that steer or hide writing show as escapes, as in config/escape.hpp.
const kUnsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Cs}/gu;
const visible = text => text.replace(kUnsafe, c => `\\u{${c.codePointAt(0).toString(16)}}`);
// The one way in for what the API says.
const parsed = text => JSON.parse(text, (_, value) => typeof value === 'string' ? visible(value) : value);

// After so many milliseconds without a word nobody is there: the miner answers within moments, and to whoever watches it
// says something every 5 s (miner/server/routes.cpp). A machine that lost its power, or a tunnel that sleeps, ends nothing.
const kSilence = 20e3;

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(kSilence) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return parsed(await answer.text());
}

function facts(rows) {
  return make('dl', { class: 'figures' }, ...rows.map(([name, value, note = '', kind = '']) =>
    make('div', { class: kind }, make('dt', {}, name), make('dd', {}, value, note ? make('small', {}, ` ${note}`) : null))));
}

function rowsOf(body, rows) {
  body.replaceChildren(...rows.map(row => make('tr', {}, ...row.map((cell, i) =>
    make(i ? 'td' : 'th', i ? {} : { scope: 'row' }, ...(Array.isArray(cell) ? cell : [cell]))))));
}

function tableOf(name, head, rows) {
  const body = make('tbody');
  rowsOf(body, rows);
  return make('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': name },
    make('table', {}, make('thead', {}, make('tr', {}, ...head.map(text => make('th', { scope: 'col' }, text)))), body));
}

// The stages of a task with the present one marked. Those that only some tasks go through stand where they come.
const kStages = ['pulled', 'decode', 'prepare', 'structure', 'splats', 'submit'];
const stagesOf = task => kStages.includes(task.stage) ? kStages
  : task.stage === 'score' ? [...kStages.slice(0, -1), task.stage, 'submit'] : task.stage === 'remote' ? ['pulled', 'decode', 'remote', 'submit'] : [...kStages.slice(0, 2), task.stage, ...kStages.slice(2)];
const steps = task => make('ol', { class: 'steps', 'aria-label': 'stages' }, ...stagesOf(task).map(stage =>
  make('li', stage === task.stage ? { 'aria-current': 'step' } : {}, stage)));
function progressOf(task) {
  const more = [`for ${span(task.age_s)}`, `from ${short(task.validator)}`];
  if (task.attempt > 1) more.push(`attempt ${task.attempt}`);
  if (task.gaussians !== null) more.push(`${count(task.gaussians)} Gaussians`);
  return make('span', { class: 'faint' }, more.join(', '));
}

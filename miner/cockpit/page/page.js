// Fills the page from /api and keeps it so.
'use strict';
const $ = id => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter(child => child !== null));
  return element;
};
const kWords = { passed: 'passed at once', retry_passed: 'saved by retry', retry_improved: 'improved, still sparse', rejected: 'rejected', skipped: 'skipped', error: 'error' };
const kStages = ['pulled', 'decode', 'prepare', 'structure', 'splats', 'submit'];
// Those that only some tasks go through stand where they come.
const stagesOf = task => kStages.includes(task.stage) ? kStages
  : task.stage === 'remote' ? ['pulled', 'decode', 'remote', 'submit'] : [...kStages.slice(0, 2), task.stage, ...kStages.slice(2)];
const count = n => n === null || n === undefined ? '–' : n.toLocaleString();
const fixed = (n, digits = 2) => n === null || n === undefined ? '–' : n.toFixed(digits);
const percent = (n, of) => of ? `${(100 * n / of).toFixed(1)} %` : '–';
const short = text => text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-5)}` : text;
const span = s => s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : s < 172800 ? `${(s / 3600).toFixed(1)} h` : `${(s / 86400).toFixed(1)} days`;
const ago = at => at === null ? 'never' : `${span(Math.max(0, (Date.now() - at) / 1000))} ago`;

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

let now = null, statistics = null, tasks = [], shown = 24, settled = -1;

function showNow() {
  if (!now) return;
  $('version').textContent = now.version;
  const badge = $('status');
  const text = now.status === 'healthy' ? (now.tasks.length ? 'working' : 'waiting for a task') : now.phase === 'running' ? 'in trouble' : now.phase;
  if (badge.textContent !== text) badge.textContent = text;
  badge.className = `badge ${now.status === 'healthy' ? 'good' : 'bad'}`;
  $('reason').textContent = now.reason;
  document.title = `${now.status === 'healthy' ? '' : '⚠ '}miner: ${text}`;
  $('tasks-now').replaceChildren(...now.tasks.map(task => {
    const steps = make('ol', { class: 'steps', 'aria-label': 'stages' }, ...stagesOf(task).map(stage =>
      make('li', stage === task.stage ? { 'aria-current': 'step' } : {}, stage)));
    const more = [`for ${span(task.age_s)}`, `from ${short(task.validator)}`];
    if (task.attempt > 1) more.push(`attempt ${task.attempt}`);
    if (task.gaussians >= 0) more.push(`${count(task.gaussians)} Gaussians`);
    return make('div', { class: 'now' }, make('b', {}, `Task ${task.row}`), steps, make('span', { class: 'faint' }, more.join(', ')));
  }));
  showFigures();
}

function showFigures() {
  const rows = [];
  const figure = (name, value, note = '') => rows.push(make('div', {}, make('dt', {}, name), make('dd', {}, value, note ? make('small', {}, ` ${note}`) : null)));
  if (statistics) {
    const all = statistics.statistics.all;
    figure('Success rate', percent(all.passed_at_once + all.retry_passed, all.generations), `of ${count(all.generations)}`);
    figure('Mean score', all.accepted + all.zero_scores ? fixed(all.mean_score, 3) : '–');
    figure('Accepted', count(all.accepted), `of ${count(all.submissions)} submitted`);
    figure('Saved by retry', count(all.retry_passed), `of ${count(all.sparse_first)} sparse`);
    figure('Reward', all.reward >= 100 ? count(Math.round(all.reward)) : fixed(all.reward, 4));
  }
  if (now) {
    figure('Running for', span(now.uptime_s));
    if (now.stations.length > 1) figure('Stations', count(now.stations.filter(s => s.able).length), `of ${now.stations.length} can take work`);
    if (now.chain) figure('Block', count(now.chain.block), `${span(now.chain.age_s)} ago`);
    if (now.model) figure('Model', now.model.device, `${now.model.name}, ${now.model.dtype}`);
  }
  $('figures').replaceChildren(...rows);
}

function showFunnel(all) {
  const total = all.generations + all.skipped;
  const steps = [['Pulled', total], ['Passed at once', all.passed_at_once], ['Saved by retry', all.retry_passed], ['Improved, still sparse', all.retry_improved], ['Rejected', all.rejected], ['Errors', all.errors], ['Skipped', all.skipped], ['Submitted', all.submissions], ['Accepted', all.accepted]];
  $('funnel').replaceChildren(...steps.map(([name, value]) => make('li', {}, make('span', {}, name),
    make('progress', { max: Math.max(total, 1), value, 'aria-label': name }), make('span', { class: 'count' }, `${count(value)} · ${percent(value, total)}`))));
}

function showValidators() {
  const groups = new Map(statistics.statistics.by_validator.map(group => [group.name, group]));
  $('validators').replaceChildren(...statistics.validators.map(v => {
    const group = groups.get(v.validator);
    const wait = v.cooldown_until - Date.now() / 1000;
    const cell = text => make('td', {}, text);
    return make('tr', {}, make('td', { title: v.validator }, short(v.validator)),
      cell(group && group.accepted + group.zero_scores ? fixed(group.mean_score, 3) : '–'), cell(group ? count(group.submissions) : '0'),
      cell(wait > 1 ? `${span(wait)} left` : 'none'), cell(ago(v.last_call)),
      make('td', { title: v.last_error }, `${count(v.failures)} of ${count(v.calls)}`));
  }));
}

function showStages(stages) {
  const ms = value => value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
  $('stages').replaceChildren(...stages.map(s => make('tr', {}, make('th', { scope: 'row' }, s.stage),
    ...[count(s.count), ms(s.p50_ms), ms(s.p90_ms), ms(s.p99_ms)].map(text => make('td', {}, text)))));
}

// A busy miner renders slowly, and a browser asks one server few things at a time: pictures wait here, so that
// everything else does not.
const Pictures = (() => {
  const waiting = [];
  let loading = 0;
  const next = () => {
    while (loading < 2 && waiting.length) {
      const [place, image, path] = waiting.shift();
      if (!place.isConnected) continue;
      loading++;
      image.onload = image.onerror = event => {
        loading--;
        if (event.type === 'error') place.textContent = 'not kept any more';
        else place.replaceWith(image);
        next();
      };
      image.src = path;
    }
  };
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries.filter(e => e.isIntersecting)) {
      seen.unobserve(entry.target);
      waiting.push(entry.target.wanted);
    }
    next();
  }, { rootMargin: '200px' });
  // `image` takes the place of `place` once it is seen and has come.
  return { want: (place, image, path) => { place.wanted = [place, image, path]; seen.observe(place); } };
})();

const openTasks = ['open', 'submitting'];
const keyOf = task => JSON.stringify([task.id, task.state, task.outcome, task.score]);
function card(task) {
  const shown = task.has_result && !openTasks.includes(task.state);
  const picture = make('span', { class: 'none' }, shown ? '…' : task.has_result ? 'being submitted' : 'no result');
  if (shown) Pictures.want(picture, make('img', { alt: `Result of task ${task.id}` }), `/api/tasks/${task.id}/preview.png`);
  const outcome = task.outcome || task.state;
  const words = make('span', { class: 'text' }, make('b', { class: outcome }, kWords[outcome] || outcome),
    make('span', {}, task.score !== null ? `score ${fixed(task.score, 3)}` : 'no score'),
    make('span', { class: 'faint' }, `${count(task.gaussians ?? task.first_gaussians)} Gaussians, ${task.attempts} attempt${task.attempts === 1 ? '' : 's'}`),
    make('span', { class: 'faint' }, ago(task.pulled_at)));
  const button = make('button', { type: 'button', 'data-id': task.id, 'aria-label': `Task ${task.id}: ${kWords[outcome] || outcome}` }, picture, words);
  button.onclick = () => showTask(task.id);
  return make('li', { 'data-key': keyOf(task) }, button);
}

function showGallery() {
  const wanted = $('filter').value;
  const list = tasks.filter(task => !wanted || task.outcome === wanted);
  // Cards that are still right stay, so that pictures and focus do too.
  const gallery = $('gallery'), focused = document.activeElement.dataset.id;
  const have = new Map([...gallery.children].map(item => [item.dataset.key, item]));
  const items = list.slice(0, shown).map(task => have.get(keyOf(task)) || card(task));
  for (const old of have.values()) if (!items.includes(old)) old.remove();
  items.forEach((item, i) => { if (gallery.children[i] !== item) gallery.insertBefore(item, gallery.children[i] || null); });
  // The card that had it may have been made anew.
  if (focused && document.activeElement === document.body) gallery.querySelector(`[data-id="${focused}"]`)?.focus();
  $('more').hidden = list.length <= shown;
}

async function refresh() {
  try {
    const [stats, list] = await Promise.all([ask('/api/stats?last=1000'), ask('/api/tasks?limit=1000')]);
    statistics = stats;
    tasks = list.tasks;
    showFigures();
    showFunnel(stats.statistics.all);
    showValidators();
    showStages(stats.statistics.stages);
    showGallery();
    Charts.show(tasks.filter(task => task.outcome && task.outcome !== 'skipped').reverse());
  } catch (error) {
    $('reason').textContent = `cannot read the statistics (${error.message})`;
  }
}

function facts(rows) {
  return make('dl', { class: 'figures' }, ...rows.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
}

function tableOf(head, rows) {
  return make('div', { class: 'scroll', tabindex: 0 }, make('table', {}, make('thead', {}, make('tr', {}, ...head.map(text => make('th', { scope: 'col' }, text)))),
    make('tbody', {}, ...rows.map(row => make('tr', {}, ...row.map(text => make('td', {}, text)))))));
}

async function showInput(task) {
  const figure = $('input-figure');
  figure.replaceChildren(make('figcaption', {}, 'The input is kept only for the newest tasks of this run.'));
  const answer = await fetch(`/api/tasks/${task.id}/input`).catch(() => null);
  if (!answer || !answer.ok || !$('detail').open) return;
  if (task.kind === 'text') {
    figure.replaceChildren(make('blockquote', {}, await answer.text()), make('figcaption', {}, 'Prompt'));
  } else {
    figure.replaceChildren(make('img', { src: `/api/tasks/${task.id}/input`, alt: 'Picture that the validator sent' }), make('figcaption', {}, 'Picture that the validator sent'));
  }
}

async function showTask(id) {
  const task = await ask(`/api/tasks/${id}`).catch(() => null);
  if (!task) return;
  $('detail-title').textContent = `Task ${task.id}: ${kWords[task.outcome] || task.state}`;
  const ms = value => value === null ? '–' : `${(value / 1000).toFixed(2)} s`;
  const chosen = task.attempts.filter(a => a.health.opacity_mean !== null).pop();
  const parts = [facts([['Score', fixed(task.score, 3)], ['Validator\'s average', fixed(task.average, 3)], ['Gaussians', count(task.gaussians)], ['Size', task.bytes ? `${(task.bytes / 1e6).toFixed(2)} MB` : '–'], ['Pulled', ago(task.pulled_at)], ['Validator', make('span', { class: 'name', title: task.validator }, short(task.validator))]])];
  if (task.detail) parts.push(make('p', { class: 'error' }, task.detail));
  parts.push(make('h3', {}, 'Attempts'), tableOf(['No.', 'Enhancement', 'Outcome', 'Voxels', 'Gaussians', 'Prepare', 'Structure', 'Splats'],
    task.attempts.map(a => [`${a.attempt}${a.superseded ? ' (cut off)' : ''}`, a.chain, a.error || a.outcome, count(a.voxels), count(a.gaussians), ms(a.ms.prepare), ms(a.ms.structure), ms(a.ms.gaussians === null ? null : a.ms.latent + a.ms.gaussians)])));
  if (chosen) {
    const h = chosen.health;
    parts.push(make('h3', {}, 'Health'), facts([['Invisible', `${(100 * h.invisible).toFixed(1)} %`], ['Mean opacity', fixed(h.opacity_mean)], ['Spread of opacity', fixed(h.opacity_spread)], ['Not finite', `${(100 * h.non_finite).toFixed(2)} %`], ['Largest side', fixed(h.extent)]]));
  }
  if (task.submissions.length) parts.push(make('h3', {}, 'Submissions'), tableOf(['No.', 'What came of it', 'Bytes', 'Took', 'Score'],
    task.submissions.map(s => [s.number, s.detail ? `${s.status}: ${s.detail}` : s.status, count(s.bytes), s.ended_at === null ? '–' : ms(s.ended_at - s.sent_at), fixed(s.score, 3)])));
  if (task.has_result) parts.push(make('p', {}, make('a', { href: `/api/tasks/${task.id}/asset.spz`, download: `task-${task.id}.spz` }, 'Download the SPZ')));
  $('story').replaceChildren(...parts);
  $('detail').showModal();
  showInput(task);
  if (task.has_result && !openTasks.includes(task.state)) Viewer.open($('viewer'), `/api/tasks/${task.id}/splats.bin`, $('viewer-note'));
  else Viewer.nothing($('viewer'), $('viewer-note'));
}

function addLog(lines) {
  const log = $('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.textContent = (log.textContent + lines.join('\n') + '\n').split('\n').slice(-300).join('\n');
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function watch() {
  const source = new EventSource('/api/events');
  source.addEventListener('now', event => {
    now = JSON.parse(event.data);
    showNow();
    if (now.settled !== settled) {
      settled = now.settled;
      refresh();
    }
  });
  source.addEventListener('log', event => addLog(JSON.parse(event.data)));
  source.onopen = () => { $('log').textContent = ''; };
  source.onerror = () => {
    $('status').textContent = 'not reached';
    $('status').className = 'badge bad';
    $('reason').textContent = 'The miner does not answer; this page tries again by itself.';
  };
}

$('filter').onchange = () => { shown = 24; showGallery(); };
$('more').onclick = () => { shown += 48; showGallery(); };
$('close').onclick = () => $('detail').close();
$('detail').onclose = () => Viewer.close();
matchMedia('(prefers-color-scheme: dark)').onchange = refresh;
setInterval(() => { if (now && now.tasks.length) { for (const t of now.tasks) { t.age_s += 1; t.stage_s += 1; } now.uptime_s += 1; showNow(); } }, 1000);
setInterval(refresh, 60000);
watch();

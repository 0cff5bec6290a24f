// Fills the page from /api and keeps it so.
'use strict';
let now = null, statistics = null, hour = null, tasks = null, settled = -1;
let newestTasks = null;  // `tasks`, with where they go on

function showNow() {
  if (!now) return;
  $('version').textContent = now.version;
  Verdict.show(now, statistics && statistics.statistics.all, hour && hour.statistics.all);
  $('tasks-now').replaceChildren(...now.tasks.map(task =>
    make('div', { class: 'now' }, make('b', {}, `Task ${task.row}`), steps(task), progressOf(task))));
  $('backends').replaceChildren(...(showsBackends() ? now.backends : []).map(s =>
    make('li', s.able ? {} : { class: 'bad' }, `${s.name}: ${!s.able ? 'takes no work' : s.load ? `at ${times(s.load, 'task')}` : 'free'}${s.places > 1 ? `, ${times(s.places, 'place')}` : ''}`)));
  Detail.follow(now);
  showFigures();
  showWelcome();
}

// One that makes a task at a time says nothing that the tasks do not say.
function showsBackends() { return now.backends.length > 1 || now.backends.some(s => s.places > 1); }

// Before there is any task: what this page will show, and how far the miner is on the way there.
function showWelcome() {
  const first = statistics && tasks && !tasks.length;
  $('welcome').hidden = !first;
  if (!first) return;
  const calls = statistics.validators.reduce((sum, v) => sum + v.calls, 0), failed = statistics.validators.reduce((sum, v) => sum + v.failures, 0);
  const steps = [[!!now.model, 'The model is loaded', now.model ? `${now.model.name} on ${now.model.device}` : 'this can take minutes'],
    ...(now.chain ? [[true, 'The chain is read', `block ${count(now.chain.block)}`]] : []),
    [calls > failed, 'Validators are asked in turn', calls ? `${times(calls, 'call')} so far, ${count(failed)} failed` : 'none was asked yet'],
    [now.tasks.length > 0, 'A task is pulled and made', now.tasks.length ? 'it is at work' : 'validators hand one out when they have one: minutes, sometimes hours'],
    [false, 'A validator judges the result', 'from then on this page has scores and rewards']];
  $('welcome-steps').replaceChildren(...steps.map(([done, what, how]) => make('li', { class: done ? 'good' : '' },
    make('span', { 'aria-hidden': 'true' }, done ? '✓' : '…'), make('span', {}, make('b', {}, what), done ? make('span', { class: 'unseen' }, ' (done)') : null, make('small', { class: 'faint' }, how)))));
}

function showFigures() {
  const rows = [];
  if (statistics) {
    const all = statistics.statistics.all;
    $('scope').textContent = all.generations >= kTasks ? 'of the last 1,000 generations' : 'of all tasks so far';
    rows.push(['Success rate', percent(all.success_rate ?? 0, all.generations && 1), `of ${times(all.generations, 'generation')}`],
      ['Mean score', fixed(all.mean_score, 3), judgedOf(all) ? `of ${count(judgedOf(all))} judged` : ''],
      ['Accepted', count(all.accepted), `of ${times(all.submissions, 'result')} sent`],
      ['Saved by retry', count(all.retry_passed), `of ${count(all.sparse_first)} sparse`],
      ['Reward', rewards(all.reward), all.reward === null ? '' : 'as told last']);
  }
  $('scored-by').textContent = now && now.scored_by ? now.scored_by : '';
  if (now) {
    rows.push(['Running for', span(now.uptime_s)]);
    if (now.backends.length > 1) rows.push(['Backends', count(now.backends.filter(s => s.able).length), `of ${now.backends.length} take work`]);
    if (now.backends.some(s => s.places > 1)) rows.push(['Places', count(now.backends.reduce((sum, s) => sum + (s.able ? s.places : 0), 0)), 'tasks at a time']);
    if (now.chain) rows.push(['Block', count(now.chain.block), `${span(now.chain.age_s)} ago`]);
    if (now.model) rows.push(['Model', make('span', { class: 'name' }, now.model.device), [now.model.name, now.model.dtype, now.model.device_choice].filter(Boolean).join(', '), 'wide']);
  }
  $('figures-section').hidden = !rows.length;
  $('figures').replaceChildren(...facts(rows).children);
}

function showFunnel(all) {
  const total = all.generations + all.skipped;
  const rows = [['Decided', total, ''], ['Passed at once', all.passed_at_once, 'passed'], ['Saved by retry', all.retry_passed, 'retry_passed'], ['Improved, still sparse', all.retry_improved, 'retry_improved'],
    ['Rejected', all.rejected, 'rejected'], ...(all.withheld ? [['Of these withheld', all.withheld, 'withheld']] : []), ['Errors', all.errors, 'error'], ['Skipped', all.skipped, 'skipped'], ['Result sent', all.submissions, ''], ['Accepted', all.accepted, 'passed']];
  $('funnel').replaceChildren(...rows.map(([name, value, kind]) => make('li', {}, make('span', {}, name),
    make('progress', { max: Math.max(total, value, 1), value, 'aria-label': name, class: kind }),
    make('span', { class: 'count' }, count(value)), make('span', { class: 'count faint' }, percent(value, total)))));
}

function showHotkeys(groups) {
  $('hotkeys-section').hidden = groups.length < 2;
  rowsOf($('hotkeys'), groups.map(g => [make('span', { title: g.name }, short(g.name)), fixed(g.mean_score, 3),
    `${count(g.accepted)} of ${count(g.submissions)}`, percent(g.success_rate ?? 0, g.generations && 1), rewards(g.reward)]));
}

// A row for each validator and hotkey of ours: each pair has its own cool-down.
function showValidators() {
  const several = new Set(statistics.validators.map(v => v.hotkey)).size > 1;
  for (const head of document.querySelectorAll('.of-hotkey')) head.hidden = !several;
  const order = [...statistics.validators].sort((a, b) => a.validator.localeCompare(b.validator) || a.hotkey.localeCompare(b.hotkey));
  rowsOf($('validators'), order.map(v => {
    const pair = statistics.statistics.by_pair.find(p => p.validator === v.validator && p.hotkey === v.hotkey);
    const wait = v.cooldown_until - Date.now() / 1000;
    const failed = `${count(v.failures)} of ${count(v.calls)}`;
    return [make('span', { title: v.validator }, short(v.validator)), ...(several ? [make('span', { title: v.hotkey }, short(v.hotkey))] : []),
      fixed(pair ? pair.mean_score : null, 3), count(pair ? judgedOf(pair) : 0),
      wait > 1 ? `${span(wait)} left` : 'none', when(v.last_call),
      v.failures && v.last_error ? [failed, make('span', { class: 'faint cause', title: v.last_error }, v.last_error)] : failed];
  }));
  $('no-validators').hidden = order.length > 0;
}

// What the device's time went into (as `miner stats` has it, miner/report/stats.cpp).
const kDeviceStages = { encode: 'Picture encoder', structure: 'Structure flow', occupancy: 'Structure decoder', latent: 'Latent flow', gaussians: 'Gaussian decoder' };
function showShares(stages) {
  const own = stages.filter(s => s.stage in kDeviceStages), all = own.reduce((sum, s) => sum + s.total_ms, 0);
  $('shares-part').hidden = !all;
  $('shares').replaceChildren(...own.map(s => make('li', {}, make('span', {}, kDeviceStages[s.stage], make('small', { class: 'faint' }, ` ${s.stage}`)),
    make('progress', { max: all, value: s.total_ms, 'aria-label': kDeviceStages[s.stage] }),
    make('span', { class: 'count' }, percent(s.total_ms, all)), make('span', { class: 'count faint' }, span(s.total_ms / 1000)))));
}

function showStages(stages) {
  showShares(stages);
  const ms = value => value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
  rowsOf($('stages'), stages.map(s => [s.stage, count(s.count), ms(s.p50_ms), ms(s.p90_ms), ms(s.p99_ms)]));
  $('no-stages').hidden = stages.length > 0;
}

// For those who listen: what came of the newest task that is decided.
function tell(before) {
  const known = new Set((before || tasks).filter(t => !isOpen(t)).map(t => t.id));
  const news = tasks.find(t => !isOpen(t) && !known.has(t.id));
  if (news) $('news').textContent = `Task ${news.id} ${wordFor(news)}${news.score === null ? '' : `, score ${fixed(news.score, 3)}`}`;
}

async function refresh() {
  try {
    const [stats, recent, list, predicted] = await Promise.all([ask(`/api/stats?last=${kTasks}`), ask(`/api/stats?since=${Date.now() - 3600e3}`), ask(`/api/tasks?limit=${kTasks}`), ask(`/api/predictions?last=${kTasks / 2}`)]);
    const before = tasks;
    statistics = stats;
    hour = recent;
    tasks = list.tasks;
    newestTasks = list;
    $('fault').textContent = '';
    $('main').classList.add('known');
    $('main').classList.toggle('empty', !tasks.length);
    tell(before);
    showNow();
    showFunnel(stats.statistics.all);
    showHotkeys(stats.statistics.by_hotkey);
    showValidators();
    showStages(stats.statistics.stages);
    Gallery.offer(stats.validators.map(v => v.validator));
    const unlisted = await Gallery.show(list).catch(error => error);
    if (unlisted) $('fault').textContent = `The results cannot be read (${unlisted.message}).`;
    Charts.show(tasks.filter(task => task.outcome && task.outcome !== 'skipped' && !isOpen(task)));
    Predictions.show(predicted.kinds);
    Detail.renew(tasks, now);
  } catch (error) {
    $('fault').textContent = `The statistics cannot be read (${error.message}).`;
  }
}

function addLog(lines) {
  const log = $('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(...lines.map(line => make('p', / (ERROR|WARN) |"level":"(error|warn)/.test(line) ? { class: / ERROR |"level":"error/.test(line) ? 'error' : 'warn' } : {}, line)));
  while (log.children.length > 300) log.firstChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function watch() {
  const source = new EventSource('/api/events');
  let silence = 0;
  const unreached = () => {
    now = null;
    Verdict.unreached();
  };
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      source.close();
      unreached();
      watch();
    }, kSilence);
  };
  source.addEventListener('now', event => {
    heard();
    now = parsed(event.data);
    showNow();
    if (now.settled !== settled) {
      settled = now.settled;
      refresh();
    }
  });
  source.addEventListener('log', event => addLog(parsed(event.data)));
  source.onopen = () => $('log').replaceChildren();
  source.onerror = () => {
    unreached();
    // A browser tries again by itself only while nobody has answered: not after a refusal.
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(silence);
    setTimeout(watch, 5000);
  };
  heard();
}

$('close').onclick = () => $('detail').close();
$('detail').onclose = Detail.close;
matchMedia('(prefers-color-scheme: dark)').onchange = refresh;
setInterval(() => {
  if (!now) return;
  for (const task of now.tasks) task.age_s += 1;
  if (now.chain) now.chain.age_s += 1;
  now.uptime_s += 1;
  showNow();
  refreshTimes();
}, 1000);
setInterval(refresh, 60000);
watch();

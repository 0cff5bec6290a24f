// Fills the page from /api and keeps it so.
'use strict';
const kTasks = 1000;  // how many of the newest the page is about
const kAtFirst = matchMedia('(max-width: 34rem)').matches ? 8 : 21;  // results that are shown before anybody asks for more
let now = null, statistics = null, hour = null, tasks = null, shown = kAtFirst, settled = -1;

function showNow() {
  if (!now) return;
  $('version').textContent = now.version;
  Verdict.show(now, statistics && statistics.statistics.all, hour && hour.statistics.all);
  $('tasks-now').replaceChildren(...now.tasks.map(task =>
    make('div', { class: 'now' }, make('b', {}, `Task ${task.row}`), steps(task), progressOf(task))));
  $('backends').replaceChildren(...(now.backends.length > 1 ? now.backends : []).map(s =>
    make('li', s.able ? {} : { class: 'bad' }, `${s.name}: ${!s.able ? 'takes no work' : s.load ? `at ${times(s.load, 'task')}` : 'free'}`)));
  Detail.follow(now);
  showFigures();
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

function showStages(stages) {
  const ms = value => value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
  rowsOf($('stages'), stages.map(s => [s.stage, count(s.count), ms(s.p50_ms), ms(s.p90_ms), ms(s.p99_ms)]));
  $('no-stages').hidden = stages.length > 0;
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

const keyOf = task => JSON.stringify([task.id, task.state, task.outcome, task.score, task.attempts]);
function card(task) {
  const has = task.has_result && !isOpen(task), outcome = isOpen(task) ? task.state : endOf(task);
  const picture = make('span', { class: 'none' }, has ? 'drawing …' : isOpen(task) ? wordFor(task) : 'no result');
  if (has) Pictures.want(picture, make('img', { alt: '' }), `/api/tasks/${task.id}/preview.png`);
  const size = task.gaussians ?? task.first_gaussians;
  const line = text => make('span', { class: 'faint' }, ...text);
  const words = make('span', { class: 'text' }, make('b', { class: outcome }, wordFor(task)),
    isOpen(task) ? null : make('span', {}, scoreFor(task)), task.predicted === null ? null : line([`predicted ${fixed(task.predicted, 3)}`]),
    size === null ? null : line([`${count(size)} Gaussians`]),
    task.attempts > 1 ? line([times(task.attempts, 'attempt')]) : null, line([when(task.pulled_at)]));
  const button = make('button', { type: 'button', 'data-id': task.id, 'aria-label': `Task ${task.id}: ${wordFor(task)}${task.score === null ? '' : `, score ${fixed(task.score, 3)}`}` }, picture, words);
  button.onclick = () => Detail.open(task.id, now);
  return make('li', { 'data-key': keyOf(task) }, button);
}

function showGallery() {
  const wanted = $('filter').value;
  const list = tasks.filter(task => !wanted || (endOf(task) === wanted && !isOpen(task)));
  // Cards that are still right stay, so that pictures and focus do too.
  const gallery = $('gallery'), focused = document.activeElement.dataset.id;
  const have = new Map([...gallery.children].map(item => [item.dataset.key, item]));
  const items = list.slice(0, shown).map(task => have.get(keyOf(task)) || card(task));
  for (const old of have.values()) if (!items.includes(old)) old.remove();
  items.forEach((item, i) => { if (gallery.children[i] !== item) gallery.insertBefore(item, gallery.children[i] || null); });
  // The card that had it may have been made anew.
  if (focused && document.activeElement === document.body) gallery.querySelector(`[data-id="${focused}"]`)?.focus();
  $('no-results').textContent = list.length ? '' : tasks.length ? 'None of the last 1,000 tasks ended so.' : 'No task was pulled yet.';
  $('more').hidden = list.length <= shown;
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
    $('fault').textContent = '';
    $('main').classList.add('known');
    tell(before);
    showNow();
    showFunnel(stats.statistics.all);
    showHotkeys(stats.statistics.by_hotkey);
    showValidators();
    showStages(stats.statistics.stages);
    showGallery();
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
  source.addEventListener('now', event => {
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
    now = null;
    Verdict.unreached();
    // A browser tries again by itself only while nobody has answered: not after a refusal.
    if (source.readyState === EventSource.CLOSED) setTimeout(watch, 5000);
  };
}

$('filter').onchange = () => { shown = kAtFirst; showGallery(); };
$('more').onclick = () => { shown += 48; showGallery(); };
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

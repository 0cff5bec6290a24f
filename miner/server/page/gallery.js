// The results, newest first: all, or those that the filter asks the miner for. The filter stands in the address, so
// that it can be kept and passed on.
'use strict';
const kAtFirst = matchMedia('(max-width: 34rem)').matches ? 8 : 21;  // results that are shown before anybody asks for more

// A busy miner renders slowly, and a browser asks one server few things at a time: pictures wait here, so that
// everything else does not.
const Pictures = (() => {
  const kPauses = [2, 5, 15, 60];  // seconds before one that did not come is asked for again; the last one for good
  const waiting = [];
  let loading = 0;
  const next = () => {
    while (loading < 2 && waiting.length) {
      const wanted = waiting.shift(), { place, image, path } = wanted;
      if (!place.isConnected) continue;
      loading++;
      const done = () => { loading--; next(); };
      image.onload = () => { place.replaceWith(image); done(); };
      image.onerror = () => failed(wanted).finally(done);
      image.src = path;
    }
  };
  // Only the miner knows that one is gone: it may be busy, out of reach, or starting anew.
  async function failed(wanted) {
    const { place, path } = wanted;
    const answer = await fetch(path, { method: 'HEAD', signal: AbortSignal.timeout(kSilence) }).catch(() => null);
    if (answer && answer.status === 404) return void (place.textContent = 'not kept any more');
    const pause = kPauses[Math.min(wanted.failures++, kPauses.length - 1)];
    if (wanted.failures >= kPauses.length) place.textContent = 'cannot be drawn just now';
    setTimeout(() => { if (place.isConnected) seen.observe(place); }, 1000 * pause);
  }
  const seen = new IntersectionObserver(entries => {
    for (const entry of entries.filter(e => e.isIntersecting)) {
      seen.unobserve(entry.target);
      waiting.push(entry.target.wanted);
    }
    next();
  }, { rootMargin: '200px' });
  // `image` takes the place of `place` once it is seen and has come.
  return { want: (place, image, path) => { place.wanted = { place, image, path, failures: 0 }; seen.observe(place); } };
})();

const Gallery = (() => {
  const kPage = 200, kFilters = { outcome: $('filter'), validator: $('filter-validator'), below: $('filter-below') };
  // `first`: what was read last of the newest; `older`: what was asked for beyond it; `next`: where that goes on.
  let first = [], older = [], next = null, shown = kAtFirst, asked = 0;

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


  // The miner takes no score beyond the field's limits.
  function bound() {
    const { value, min, max } = kFilters.below;
    if (value !== '') kFilters.below.value = Math.min(Math.max(Number(value), Number(min)), Number(max));
  }
  const filter = () => Object.fromEntries(Object.entries(kFilters).map(([name, field]) => [name, field.value]).filter(([, value]) => value !== ''));
  const isFiltered = () => Object.keys(filter()).length > 0;
  const question = more => `/api/tasks?${new URLSearchParams({ ...filter(), ...more })}`;

  // Names of validators may be anybody's words: they become text and parts of a query, never markup.
  function offer(validators) {
    const field = kFilters.validator, chosen = field.value, known = [...field.options].map(option => option.value);
    for (const name of new Set(validators)) if (!known.includes(name)) field.append(make('option', { value: name, title: name }, short(name)));
    field.value = chosen;
  }

  function draw() {
    const list = [...first, ...older], gallery = $('gallery'), focused = document.activeElement.dataset.id;
    // Cards that are still right stay, so that pictures and focus do too.
    const have = new Map([...gallery.children].map(item => [item.dataset.key, item]));
    const items = list.slice(0, shown).map(task => have.get(keyOf(task)) || card(task));
    for (const old of have.values()) if (!items.includes(old)) old.remove();
    items.forEach((item, i) => { if (gallery.children[i] !== item) gallery.insertBefore(item, gallery.children[i] || null); });
    // The card that had it may have been made anew.
    if (focused && document.activeElement === document.body) gallery.querySelector(`[data-id="${focused}"]`)?.focus();
    $('filter-clear').hidden = !isFiltered();
    $('found').textContent = isFiltered() && list.length ? `${times(list.length, 'task')}${next ? ' so far' : ''}` : '';
    $('no-results').textContent = list.length ? '' : !isFiltered() ? 'No task was pulled yet.' : next ? 'None of the newest is so.' : 'No task is so.';
    $('more').textContent = list.length || !next ? 'Show older ones' : 'Look further back';
    $('more').hidden = list.length <= shown && !next;
  }

  // `newest`: tasks without a filter, as they were read just now, with where they go on.
  async function show(newest) {
    const mine = ++asked, limit = isFiltered() ? kPage : kTasks;
    const page = isFiltered() ? await ask(question({ limit })) : newest;
    if (mine !== asked) return;
    if (older.length) {  // what the newer ones pushed out of the first page stays in sight
      const last = page.tasks.length ? page.tasks[page.tasks.length - 1].id : 0;
      older = [...first.filter(task => task.id < last), ...older];
    } else {
      next = page.next;
    }
    first = page.tasks;
    draw();
  }

  async function more() {
    shown += 48;
    if (first.length + older.length < shown && next) {
      const mine = ++asked, page = await ask(question({ limit: kPage, before: next })).catch(error => ({ error }));
      if (mine !== asked) return;
      if (page.error) return void ($('fault').textContent = `Older tasks cannot be read (${page.error.message}).`);
      older = [...older, ...page.tasks];
      next = page.next;
    }
    draw();
  }

  function changed() {
    bound();
    const address = new URL(location.href);
    for (const name of Object.keys(kFilters)) address.searchParams.delete(name);
    for (const [name, value] of Object.entries(filter())) address.searchParams.set(name, value);
    history.replaceState(null, '', address);
    [first, older, next, shown] = [[], [], null, kAtFirst];
    if (newestTasks) show(newestTasks).catch(error => { $('fault').textContent = `The results cannot be read (${error.message}).`; });
  }

  function begin() {
    const asked = new URL(location.href).searchParams;
    if (asked.get('validator')) offer([asked.get('validator')]);
    for (const [name, field] of Object.entries(kFilters)) {
      const value = asked.get(name) || '';
      field.value = value;
      if (field.value !== value) field.value = '';
      field.onchange = changed;
    }
    bound();
    $('filter-clear').onclick = () => {
      for (const field of Object.values(kFilters)) field.value = '';
      kFilters.outcome.focus();
      changed();
    };
    $('more').onclick = more;
  }
  begin();
  return { show, offer };
})();

// Which splats of a task are looked at, and beside which others: attempts of its own, or results of other tasks. Only
// what the miner kept on disk can be shown.
'use strict';
const Compare = (() => {
  const kOthers = 40;  // results of other tasks that are offered, the newest first
  let task = null, offered = '', left = null, right = null;  // { id, attempt, label }; attempt null: the result

  const pathOf = (it, what) => `/api/tasks/${it.id}/${what}${it.attempt === null ? '' : `?attempt=${it.attempt}`}`;
  const keyOf = it => it ? `${it.id}.${it.attempt ?? ''}` : '';

  // What can be shown of the task, the result first.
  function ownOf(task) {
    const own = task.has_result ? [{ id: task.id, attempt: null, label: attemptsOf(task).length > 1 && task.chosen ? `Result (attempt ${task.chosen})` : 'Result' }] : [];
    for (const a of task.attempts.filter(a => a.splats && !(task.has_result && a.attempt === task.chosen)))
      own.push({ id: task.id, attempt: a.attempt, label: `Attempt ${a.attempt}${a.attempt === task.withheld ? ', withheld' : ''}${a.prediction && a.prediction.total !== null ? `, predicted ${fixed(a.prediction.total, 3)}` : ''}` });
    return own;
  }
  const othersOf = list => list.filter(t => t.id !== task.id && t.has_result && !isOpen(t)).slice(0, kOthers)
    .map(t => ({ id: t.id, attempt: null, label: `Task ${t.id}: ${wordFor(t)}${t.score === null ? '' : `, score ${fixed(t.score, 3)}`}` }));

  function select(label, groups, chosen, changed) {
    const all = groups.flatMap(([, items]) => items);
    const field = make('select', {}, ...groups.filter(([, items]) => items.length).flatMap(([name, items]) => {
      const options = items.map(it => make('option', keyOf(it) === keyOf(chosen) ? { value: keyOf(it), selected: '' } : { value: keyOf(it) }, it.label));
      return name ? [make('optgroup', { label: name }, ...options)] : options;
    }));
    field.onchange = () => changed(all.find(it => keyOf(it) === field.value) || null);
    return make('label', {}, label, ' ', field);
  }

  function links() {
    if (!left) return [];
    const kinds = [['viewer.spz', 'SPZ for viewers'], ['asset.spz', 'SPZ as validators read it'], ['asset.ply', 'PLY'], ['asset.glb', 'GLB']];
    return kinds.map(([what, words]) => make('li', {}, make('a', { href: pathOf(left, what), download: '' }, words)));
  }

  function show() {
    const comparing = left && right;
    $('both-turn').hidden = !comparing;
    $('pictures').classList.toggle('comparing', !!comparing);
    $('beside-figure').hidden = !comparing;
    $('viewer-figure').hidden = !left;
    if (left) Viewer.open($('viewer'), pathOf(left, 'splats.bin'), $('viewer-note'), comparing ? left.label : '');
    else Viewer.close($('viewer'));
    if (comparing) Viewer.open($('beside'), pathOf(right, 'splats.bin'), $('beside-note'), right.label);
    else Viewer.close($('beside'));
    $('links').replaceChildren(...links());
    $('links-title').textContent = left && left.attempt !== null ? `Download attempt ${left.attempt} as` : 'Download as';
    $('links-part').hidden = !left;
  }

  // `tasks`: those whose results are offered for comparison.
  function open(it, tasks) {
    const own = isOpen(it) ? [] : ownOf(it), same = task && task.id === it.id && own.map(keyOf).join() === offered;
    task = it;
    offered = own.map(keyOf).join();
    if (same) return;  // read anew: whoever is comparing goes on
    const others = own.length ? othersOf(tasks) : [];
    [left, right] = [own[0] || null, null];
    const none = { id: 0, attempt: null, label: 'nothing' };
    const parts = [];
    if (own.length > 1) parts.push(select('Show', [['', own]], left, chosen => { left = chosen; show(); }));
    if (own.length + others.length > 1)
      parts.push(select('Compare with', [['', [none]], ['This task', own.length > 1 ? own : []], ['Results of other tasks', others]], none, chosen => { right = chosen && chosen.id ? chosen : null; show(); }));
    if (own.length === 1 && attemptsOf(it).filter(a => a.prediction).length > 1)
      parts.push(make('span', { class: 'faint' }, 'The splats of its other attempts are not kept: only the 8 newest tasks have them, of what was scored while this page was open somewhere.'));
    $('choices').replaceChildren(...parts);
    show();
  }

  function close() {
    [task, left, right] = [null, null, null];
    Viewer.close($('viewer'));
    Viewer.close($('beside'));
  }
  return { open, close };
})();

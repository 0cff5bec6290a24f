// One task: what went in, what came out, and all that was done about it.
'use strict';
const Detail = (() => {
  let shown = null;  // the task in the dialog, as it was last read
  let asked = 0;     // goes up with each question for a task
  const ms = value => value === null ? '–' : `${(value / 1000).toFixed(2)} s`;
  const digits = n => n === null || n === undefined ? '–' : n === 0 ? '0' : n < .01 ? n.toPrecision(2) : n.toFixed(2);

  async function showInput(task) {
    const figure = $('input-figure'), note = text => make('figcaption', {}, text);
    figure.replaceChildren(note('loading the input …'));
    const answer = await fetch(`/api/tasks/${task.id}/input`).catch(() => null);
    const words = answer && answer.ok && task.kind === 'text' ? await answer.text() : '';
    if (!shown || shown.id !== task.id) return;
    if (!answer || !answer.ok) {
      figure.replaceChildren(note(answer && answer.status === 404 ? 'The input is kept only for the newest tasks of this run.' : 'The input cannot be read just now.'));
    } else if (task.kind === 'text') {
      figure.replaceChildren(make('blockquote', {}, words), note('Prompt'));
    } else {
      figure.replaceChildren(make('img', { src: `/api/tasks/${task.id}/input`, alt: 'Picture that the validator sent' }), note('Picture that the validator sent'));
    }
  }

  const fateOf = (task, a) => a.superseded ? '' : a.attempt === task.chosen ? 'chosen' : a.attempt === task.withheld ? 'withheld' : '';
  // The attempt that was sent or withheld, if its score was predicted.
  const predictedOf = task => task.attempts.find(a => a.prediction && fateOf(task, a));

  // What each attempt was thought to be worth, with its parts; what its scorer left out stands below.
  function predictionsOf(task) {
    const scored = task.attempts.filter(a => a.prediction);
    if (!scored.length) return [];
    const part = (p, name) => p.left_out.includes(name) ? 'left out' : fixed(p.parts[name], 3);
    const scorers = [...new Set(scored.map(a => a.prediction.scorer))].join(', ');
    return [make('h3', {}, 'Predicted scores'), tableOf('Predicted scores', ['No.', 'Predicted', 'Then', 'iqa', 'alignment', 'ssim', 'lpips'],
      scored.map(a => [`${a.attempt}`, a.prediction.total === null ? 'no number' : fixed(a.prediction.total, 3), fateOf(task, a) || '–',
        ...['iqa', 'alignment', 'ssim', 'lpips'].map(name => part(a.prediction, name))])), make('p', { class: 'faint' }, `By ${scorers}; the validator's threshold is ${task.threshold}.`)];
  }

  function factsOf(task) {
    const rows = [['Validator', make('span', { class: 'name', title: task.validator }, short(task.validator))], ['Pulled', when(task.pulled_at)]];
    if (isOpen(task) && !task.has_result) return facts(rows);
    const sent = predictedOf(task);
    return facts([['Score', fixed(task.score, 3), task.score === null ? scoreFor(task) : ''], ...(sent ? [['Predicted', fixed(sent.prediction.total, 3), sent.attempt === task.withheld ? 'withheld' : '']] : []), ['Validator\'s average of us', fixed(task.average, 3)], ['Gaussians', count(task.gaussians)],
      ['Size', task.bytes ? `${(task.bytes / 1e6).toFixed(2)} MB` : '–'], ...rows]);
  }

  function storyOf(task) {
    const parts = [];
    if (task.attempts.length) {
      parts.push(make('h3', {}, 'Attempts'), tableOf('Attempts', ['No.', 'Enhancement', 'Outcome', 'Voxels', 'Gaussians', 'Prepare', 'Structure', 'Splats'],
        task.attempts.map(a => [`${a.attempt}${a.superseded ? ' (cut off)' : a.candidate ? ' (candidate)' : ''}`, a.chain, a.error || (a.outcome === 'chosen' ? 'sparse' : a.outcome) + (fateOf(task, a) && `, ${fateOf(task, a)}`), count(a.voxels), count(a.gaussians),
          ms(a.ms.prepare), ms(a.ms.structure), ms(a.ms.gaussians === null ? null : a.ms.latent + a.ms.gaussians)])));
    }
    parts.push(...predictionsOf(task));
    const measured = task.attempts.filter(a => a.health.opacity_mean !== null), chosen = measured.find(a => fateOf(task, a)) || measured.pop();
    if (chosen) {
      const h = chosen.health;
      parts.push(make('h3', {}, 'Health'), facts([['Invisible', `${(100 * h.invisible).toFixed(1)} %`], ['Mean opacity', digits(h.opacity_mean)],
        ['Spread of opacity', digits(h.opacity_spread)], ['Not finite', `${(100 * h.non_finite).toFixed(2)} %`], ['Largest side', digits(h.extent)]]));
    }
    if (task.submissions.length) {
      parts.push(make('h3', {}, 'Submissions'), tableOf('Submissions', ['No.', 'What came of it', 'Bytes', 'Took', 'Score'],
        task.submissions.map(s => [`${s.number}`, s.detail ? `${s.status}: ${s.detail}` : s.status, count(s.bytes), s.ended_at === null ? '–' : ms(s.ended_at - s.sent_at), fixed(s.score, 3)])));
    }
    return parts;
  }

  // What is being done about a task that is not decided yet; `now`: /api/now.
  function follow(now) {
    if (!shown) return;
    const task = isOpen(shown) && now ? now.tasks.find(t => t.row === shown.id) : null;
    const words = isOpen(shown) ? 'Left open: it goes on when its validator hands it out again.' : shown.detail;
    $('progress').replaceChildren(...(task ? [make('div', { class: 'now' }, steps(task), progressOf(task))]
      : words ? [make('p', { class: isOpen(shown) ? 'faint' : 'error' }, words)] : []));
  }

  async function open(id, now) {
    const mine = ++asked, renews = $('detail').open;
    const task = await ask(`/api/tasks/${id}`).catch(error => ({ error }));
    // Another was asked for meanwhile, or the dialog closed for which this one was read anew.
    if (mine !== asked || (renews && !$('detail').open)) return;
    if (task.error) {
      $('fault').textContent = `Task ${id} cannot be read (${task.error.message}).`;
      return;
    }
    shown = task;
    $('detail-title').textContent = `Task ${task.id}: ${wordFor(task)}`;
    follow(now);
    $('facts').replaceChildren(factsOf(task));
    $('story').replaceChildren(...storyOf(task));
    if (!$('detail').open) $('detail').showModal();
    showInput(task);
    // Nothing is rendered for it before it is submitted.
    Compare.open(task, tasks || []);
  }

  // The tasks were read anew: an open one may be decided by now.
  function renew(tasks, now) {
    const task = shown && tasks.find(t => t.id === shown.id);
    if (task && (task.state !== shown.state || task.outcome !== shown.outcome || task.attempts !== attemptsOf(shown).length || task.score !== shown.score)) open(task.id, now);
  }

  function close() {
    const id = shown ? shown.id : 0, gallery = $('gallery');
    shown = null;
    Compare.close();
    // The card that it was opened from may have gone meanwhile, and the focus with it.
    if (!gallery.contains(document.activeElement)) (gallery.querySelector(`[data-id="${id}"]`) || gallery.querySelector('button'))?.focus();
  }
  return { open, follow, renew, close };
})();

/* The officers' page: enrolment, login, acts. Every view is made anew from what the office says; what is
 * read is asked for every few seconds, what is typed stays. */

const POLL_MS = 3000;
const WARN_SECONDS = 300;

const state = { account: null, until: 0, office: null, accounts: null, shown: '', timer: 0, touched: 0 };
const main = document.getElementById('main');

/* --- views ---------------------------------------------------------------------------------------- */

function show(title, ...children) {
  state.shown = '';
  document.title = `${title} - psephos`;
  const heading = el('h1', { tabindex: '-1' }, title);
  main.replaceChildren(heading, ...children);
  heading.focus();
}

/** What went wrong, above everything, with the focus. */
function showFault(words, where = main) {
  where.querySelector(':scope > .summary')?.remove();
  const summary = el('div', { class: 'summary', role: 'alert', tabindex: '-1' },
    el('h2', {}, t('fault.title')), el('p', {}, words));
  where.prepend(summary);
  summary.focus();
}

function clearFault() {
  document.querySelectorAll('.summary').forEach((node) => node.remove());
}

function faultWords(error) {
  if (error instanceof Refusal) return error.words();
  if (error instanceof DOMException && hasText(`browser.${error.name}`)) return t(`browser.${error.name}`);
  return t('browser.other', { name: error.name ?? String(error) });
}

/** Run @work; what it throws is shown. A session that has ended leads to the login. */
async function attempt(work, where) {
  clearFault();
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) {
      leave();
      showFault(t('session.ended'));
      return;
    }
    showFault(faultWords(error), where);
  }
}

function field(id, label, control, hint) {
  control.id = id;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return el('div', { class: 'field' }, el('label', { for: id }, label),
    hint ? el('div', { class: 'hint', id: `${id}-hint` }, hint) : null, control);
}

/** A form whose button works also with Enter. */
function form(submit, ...children) {
  const node = el('form', { novalidate: true }, ...children, el('div', { class: 'row' }, submit));
  submit.type = 'submit';
  node.addEventListener('submit', (event) => event.preventDefault());
  return node;
}

/* --- session -------------------------------------------------------------------------------------- */

function showWho() {
  const who = document.getElementById('who');
  document.getElementById('skip').textContent = t('frame.skip');
  who.replaceChildren();
  if (state.account === null) return;
  who.append(el('span', {}, t('frame.who'), ' ', el('bdi', { translate: 'no' }, state.account)),
    button(t('frame.logout'), () => attempt(async () => {
      await ask('DELETE', '/v1/officer/session');
      leave();
    })));
}

function enter(session) {
  state.account = session.account;
  state.until = session.until;
  showWho();
  if (session.authenticators < 2) showSecond();
  else showDesk();
}

function leave() {
  clearInterval(state.timer);
  state.account = null;
  state.office = null;
  state.accounts = null;
  document.querySelector('dialog')?.remove();
  showWho();
  showLogin();
}

/* Whoever uses the page stays logged in; merely leaving it open does not count. */
async function stay() {
  const session = await ask('GET', '/v1/officer/session');
  state.until = session.until;
  document.querySelector('dialog')?.remove();
}

function touched() {
  if (state.account === null || Date.now() - state.touched < 60000) return;
  state.touched = Date.now();
  stay().catch(() => {});
}

function warnOfEnd() {
  if (document.querySelector('dialog') !== null) return;
  const dialog = el('dialog', { 'aria-labelledby': 'still' },
    el('h2', { id: 'still' }, t('session.still')), el('p', {}, t('session.until', { time: clock(state.until) })),
    el('div', { class: 'row' }, button(t('session.stay'), () => attempt(stay), { class: 'main' }),
      button(t('frame.logout'), () => attempt(async () => {
        await ask('DELETE', '/v1/officer/session');
        leave();
      }))));
  document.body.append(dialog);
  dialog.showModal();
}

/* --- login ---------------------------------------------------------------------------------------- */

function showLogin() {
  const name = el('input', { autocomplete: 'username webauthn', autocapitalize: 'none', spellcheck: 'false' });
  const submit = button(t('login.submit'), () => attempt(async () => {
    if (name.value === '') throw new Refusal(0, 'name-missing');
    const request = await ask('POST', '/v1/officer/login', { account: name.value });
    const answer = await assertWithAuthenticator(request);
    enter(await ask('POST', '/v1/officer/session', { account: request.account, answer }));
  }), { class: 'main' });
  show(t('login.title'), el('p', {}, t('login.about')),
    form(submit, field('account', t('login.name'), name, t('login.name.hint'))));
}

/* --- enrolment ------------------------------------------------------------------------------------ */

function steps(current) {
  return el('ol', { class: 'steps' }, ...['enrol.first', 'enrol.second', 'enrol.ready'].map((key, i) => el('li',
    { 'aria-current': i === current ? 'step' : null, class: i < current ? 'done' : null },
    t(key), i < current ? ` - ${t('enrol.done')}` : '')));
}

async function register(code) {
  const asked = code === undefined ? {} : { code };
  const request = await ask('POST', '/v1/officer/enrolment', asked);
  const answer = await registerAuthenticator(request, 'psephos');
  return ask('POST', '/v1/officer/authenticators', { ...asked, answer });
}

function showFirst(code) {
  show(t('enrol.title'), el('p', {}, t('enrol.about')), steps(0),
    button(t('enrol.first.submit'), () => attempt(async () => {
      enter(await register(code));
      announce(t('enrol.first.done'));
    }), { class: 'main' }));
}

function showSecond() {
  show(t('enrol.second.title'), el('p', {}, t('enrol.second.about')), steps(1),
    button(t('enrol.second.submit'), () => attempt(async () => {
      enter(await register());
      announce(t('enrol.ready'));
    }), { class: 'main' }));
}

/* --- acts ----------------------------------------------------------------------------------------- */

function isFresh(assertion) {
  return assertion.until * 1000 > Date.now();
}

/** Who stands behind an act, in words. */
function signatures(act) {
  const rows = act.signed.map((name) => el('li', {}, el('bdi', { translate: 'no' }, name), ` - ${t('act.by-key')}`));
  for (const assertion of act.asserted) {
    const words = act.state !== 'proposed' ? t('act.confirmed')
      : isFresh(assertion) ? t('act.fresh', { time: clock(assertion.until) }) : t('act.stale');
    rows.push(el('li', {}, el('bdi', { translate: 'no' }, assertion.account), ` - ${words}`));
  }
  return rows.length === 0 ? t('act.nobody') : el('ul', {}, ...rows);
}

function details(act) {
  return el('details', {}, el('summary', {}, t('act.details')),
    el('dl', { class: 'facts' }, el('dt', {}, t('act.hash')), el('dd', {}, el('code', {}, act.hash)),
      el('dt', {}, t('act.made')), el('dd', {}, when(act.made)),
      el('dt', {}, t('act.until')), el('dd', {}, when(act.until))));
}

function whatWords(what) {
  return t(`what.${what}`);
}

function facts(order) {
  return orderLines(order).flatMap(([name, value]) => [el('dt', {}, t(`field.${name}`)),
    el('dd', {}, ['reason', 'kind'].includes(name) && hasText(`value.${value}`) ? t(`value.${value}`)
      : el('bdi', { translate: 'no' }, value))]);
}

/** May this officer confirm the act now? */
function mayConfirm(act) {
  return act.state === 'proposed' && !act.asserted.some((a) => a.account === state.account && isFresh(a));
}

function stateWords(act) {
  const words = t(`state.${act.state}`);
  return act.why ? `${words}: ${act.why}` : words;
}

function actCard(act) {
  const id = `act-${act.hash.slice(0, 16)}`;
  const waits = act.state === 'proposed';
  return el('li', { class: waits ? 'card waits' : 'card' }, el('h3', { id }, whatWords(act.what)),
    el('dl', { class: 'facts' }, el('dt', {}, t('act.about')), el('dd', {}, act.about),
      ...facts(act.order),
      el('dt', {}, t('act.state')), el('dd', { class: act.state === 'done' ? 'done' : act.state === 'refused' ? 'refused' : null },
        stateWords(act)),
      ...(act.index === undefined ? [] : [el('dt', {}, t('act.entry')), el('dd', {}, String(act.index))]),
      el('dt', {}, t('act.by')), el('dd', {}, signatures(act))),
    details(act),
    mayConfirm(act) ? el('div', { class: 'row' },
      button(t('act.confirm'), () => attempt(() => confirmAct(act.hash)), { class: 'main', 'aria-describedby': id })) : null);
}

async function confirmAct(hash) {
  const request = await ask('POST', `/v1/acts/${hash}/request`, {});
  await assertAct(request);
}

/** The act that the office asks to confirm is hashed here, from what is shown. */
async function assertAct(request) {
  if (!await isOwnRequest(request)) throw new Refusal(0, 'other-act');
  const answer = await assertWithAuthenticator(request);
  const act = await ask('POST', `/v1/acts/${request.hash}/assertions`, { answer });
  announce(act.state === 'proposed' ? t('act.one-more', { time: clock(act.asserted.at(-1).until) }) : t('act.agreed'));
  await refresh();
}

/* --- proposing ------------------------------------------------------------------------------------ */

async function fromList(file) {
  const said = await ask('POST', '/v1/lists', file, 'text/csv');
  return { list: said.list, base: said.base, signature: 'none' };
}

async function fromDocument(file) {
  const said = await ask('POST', '/v1/documents', file, 'application/octet-stream');
  return { document: said.sha256, media: file.type.startsWith('text/') || file.type === '' ? 'text/plain;charset=utf-8' : file.type };
}

/* What the office is asked for before an order is written. Each has a control, or none. */
const sources = {
  list: { control: () => el('input', { type: 'file', accept: '.csv,text/csv' }), values: (c) => fromList(c.files[0]), file: true },
  document: { control: () => el('input', { type: 'file' }), values: (c) => fromDocument(c.files[0]), file: true },
  person: {
    control: () => el('input', { autocomplete: 'off', spellcheck: 'false' }),
    values: async (c) => ({ person: (await ask('POST', '/v1/persons', { id: c.value })).person }),
  },
  pending: {
    values: async () => {
      const said = await ask('GET', '/v1/roster/pending');
      return { through: said.through, batch: said.batch };
    },
  },
};

function controlOf(item) {
  if (item.from) return sources[item.from].control?.() ?? null;
  if (item.choices) return el('select', {}, ...item.choices.map((value) => el('option', { value }, t(`value.${value}`))));
  return el('input', { autocomplete: 'off', spellcheck: 'false', value: item.preset ?? '' });
}

/** The controls of a word: one a field, or one a source. */
function controlsOf(what) {
  const made = new Map();
  for (const item of orders[what]) {
    const key = item.from ?? item.name;
    const control = made.has(key) ? null : controlOf(item);
    if (control !== null) made.set(key, { item, control });
  }
  return made;
}

function markFault(control, words) {
  control.setAttribute('aria-invalid', 'true');
  control.before(el('div', { class: 'fault' }, words));
  control.focus();
}

function isFilled({ item, control }) {
  if (item.from && sources[item.from].file) return control.files.length === 1;
  if (item.hex) return /^[0-9a-f]{64}$/.test(control.value);
  return control.value.trim() !== '';
}

/** The values of an order, or null when something is missing, which is marked. */
async function valuesOf(what, made, about) {
  document.querySelectorAll('#propose .fault').forEach((node) => node.remove());
  document.querySelectorAll('#propose [aria-invalid]').forEach((node) => node.removeAttribute('aria-invalid'));
  for (const one of made.values()) {
    if (isFilled(one)) continue;
    markFault(one.control, t(one.item.hex ? 'propose.hex' : 'propose.missing'));
    return null;
  }
  if (about.value.trim() === '') {
    markFault(about, t('propose.about.missing'));
    return null;
  }
  const values = {};
  for (const { item, control } of made.values()) {
    if (!item.from) values[item.name] = control.value.trim();
  }
  for (const from of new Set(orders[what].map((item) => item.from).filter(Boolean))) {
    Object.assign(values, await sources[from].values(made.get(from)?.control));
  }
  return values;
}

function proposeForm() {
  const what = el('select', {}, ...Object.keys(orders).map((value) => el('option', { value }, whatWords(value))));
  const about = el('textarea', { rows: '3', maxlength: '1000' });
  const fields = el('div', { id: 'propose-fields' });
  let made = new Map();
  const change = () => {
    made = controlsOf(what.value);
    fields.replaceChildren(...[...made].map(([key, { item, control }]) => field(`propose-${key}`,
      t(`${item.from ? 'source' : 'field'}.${key}`), control, item.hex ? t('propose.hex') : null)));
  };
  const submit = button(t('propose.submit'), () => attempt(async () => {
    const values = await valuesOf(what.value, made, about);
    if (values === null) return;
    await assertAct(await ask('POST', '/v1/officer/proposals', { order: writeOrder(what.value, values), about: about.value.trim() }));
    about.value = '';
    change();
  }), { class: 'main' });
  what.addEventListener('change', change);
  change();
  return el('section', { id: 'propose', 'aria-labelledby': 'propose-title' },
    el('h2', { id: 'propose-title' }, t('propose.title')), el('p', {}, t('propose.note')),
    form(submit, field('propose-what', t('propose.what'), what), fields,
      field('propose-about', t('propose.about'), about, t('propose.about.hint'))));
}

/** Fill the form in for an authenticator that is lost. */
function proposeRemoval(account, credential) {
  const what = document.getElementById('propose-what');
  what.value = 'remove-authenticator';
  what.dispatchEvent(new Event('change'));
  document.getElementById('propose-account').value = account;
  document.getElementById('propose-credential').value = credential;
  document.getElementById('propose-about').focus();
}

/* --- the desk ------------------------------------------------------------------------------------- */

function overview(office) {
  return el('dl', { class: 'facts' }, el('dt', {}, t('desk.phase')), el('dd', {}, t(`phase.${office.state}`)),
    el('dt', {}, t('desk.size')), el('dd', {}, String(office.size)));
}

function cards(acts, none) {
  return acts.length === 0 ? el('p', {}, none) : el('ul', { class: 'cards' }, ...acts.map(actCard));
}

function people(said) {
  return el('ul', { class: 'cards' }, ...said.accounts.map((one) => el('li', { class: 'card' },
    el('h3', {}, el('bdi', { translate: 'no' }, one.account)),
    el('p', {}, t(one.authenticators.length < 2 ? 'people.incomplete' : 'people.complete')),
    ...one.authenticators.map((a, i) => el('div', { class: 'authenticator' },
      el('details', {}, el('summary', {}, t('people.authenticator', { number: i + 1 })),
        el('dl', { class: 'facts' }, el('dt', {}, t('field.credential')), el('dd', {}, el('code', {}, a.credential)),
          el('dt', {}, t('people.model')), el('dd', {}, el('code', {}, a.model)))),
      button(t('people.remove', { number: i + 1, name: one.account }), () => proposeRemoval(one.account, a.credential)))))));
}

async function readOffice() {
  const [office, accounts] = await Promise.all([ask('GET', '/v1/acts'), ask('GET', '/v1/officer/accounts')]);
  const known = new Map((state.office?.acts ?? []).map((act) => [act.hash, act.order]));
  for (const act of office.acts) {
    act.order = known.get(act.hash) ?? (await ask('GET', `/v1/acts/${act.hash}`)).order;
  }
  state.office = office;
  state.accounts = accounts;
}

function isOpen(act) {
  return ['proposed', 'agreed', 'begun'].includes(act.state);
}

/** Put what was read into the view, unless it is what is there: then the focus stays untouched. */
function fillDesk() {
  const acts = state.office.acts.toReversed();
  const stale = acts.map((act) => act.asserted.map(isFresh));
  const now = JSON.stringify([state.office, state.accounts, stale]);
  if (now === state.shown) return;
  const focused = document.activeElement?.getAttribute('aria-describedby');
  state.shown = now;
  document.getElementById('overview').replaceChildren(overview(state.office));
  document.getElementById('waiting').replaceChildren(cards(acts.filter(isOpen), t('desk.none')));
  document.getElementById('past').replaceChildren(cards(acts.filter((act) => !isOpen(act)).slice(0, 20), t('desk.past.none')));
  document.getElementById('people').replaceChildren(people(state.accounts));
  if (focused?.startsWith('act-')) document.querySelector(`[aria-describedby="${focused}"]`)?.focus();
}

async function refresh() {
  await readOffice();
  fillDesk();
}

function section(id, title) {
  return el('section', { 'aria-labelledby': `${id}-title` }, el('h2', { id: `${id}-title` }, title), el('div', { id }));
}

async function tick() {
  if (state.account === null || document.visibilityState === 'hidden') return;
  if (state.until - Date.now() / 1000 < WARN_SECONDS) warnOfEnd();
  try {
    await refresh();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) {
      leave();
      showFault(t('session.ended'));
    } else if (document.querySelector('.summary') === null) {
      showFault(faultWords(error));
    }
  }
}

async function showDesk() {
  show(t('desk.title'), el('div', { id: 'overview' }), section('waiting', t('desk.waiting')), proposeForm(),
    section('past', t('desk.past')), section('people', t('desk.people')));
  await attempt(refresh);
  clearInterval(state.timer);
  state.timer = setInterval(tick, POLL_MS);
}

/* --- begin ---------------------------------------------------------------------------------------- */

async function begin() {
  const code = /^#invitation=([\w-]{43})$/.exec(location.hash)?.[1];
  document.documentElement.lang = language;
  history.replaceState(null, '', location.pathname);
  showWho();
  addEventListener('pointerdown', touched);
  addEventListener('keydown', touched);
  if (window.PublicKeyCredential === undefined) {
    show(t('login.title'), el('p', {}, t('browser.none')));
    return;
  }
  if (code !== undefined) {
    showFirst(code);
    return;
  }
  try {
    enter(await ask('GET', '/v1/officer/session'));
  } catch {
    showLogin();
  }
}

begin();

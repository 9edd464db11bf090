/* A trustee's page: what is to be done, and the button that agrees to it. What is shown comes out of the
 * very lines whose hash the authenticator signs. */

const POLL_MS = 1500;
const main = document.getElementById('main');
const code = location.hash.slice(1);
const state = { shown: '', agreed: 0, registered: false };

/* --- views ---------------------------------------------------------------------------------------- */

function show(key, title, ...children) {
  state.shown = key;
  document.title = `${title} - psephos`;
  const heading = el('h1', { tabindex: '-1' }, title);
  main.replaceChildren(heading, ...children.filter((child) => child !== null));
  heading.focus();
}

function showFault(words) {
  main.querySelector('.summary')?.remove();
  const summary = el('div', { class: 'summary', role: 'alert', tabindex: '-1' },
    el('h2', {}, t('fault.title')), el('p', {}, words));
  main.prepend(summary);
  summary.focus();
}

function faultWords(error) {
  if (error instanceof Refusal) return error.words();
  if (error instanceof DOMException && hasText(`browser.${error.name}`)) return t(`browser.${error.name}`);
  return t('browser.other', { name: error.name ?? String(error) });
}

async function attempt(work) {
  main.querySelector('.summary')?.remove();
  try {
    await work();
  } catch (error) {
    showFault(faultWords(error));
  }
}

function row(name, ...value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, ...value));
}

/* --- an act --------------------------------------------------------------------------------------- */

const plain = ['commit', 'reveal', 'share', 'confirm', 'complain', 'decrypt'];

/** The lines of a statement: { act, election, …, lists }, or null when one of them is not known. */
function readStatement(statement) {
  const lines = statement.split('\n');
  const said = { lists: [] };
  if (lines.shift() !== 'psephos-trustee-act-1' || lines.pop() !== '') return null;
  for (const line of lines) {
    const [word, ...rest] = line.split(' ');
    if (word === 'list' && rest.length === 5) said.lists.push(rest);
    else if (['act', 'election', 'trustee', 'record', 'code', 'dealer'].includes(word) && !(word in said)
      && rest.length === 1) said[word] = rest[0];
    else return null;
  }
  return plain.includes(said.act) ? said : null;
}

function table(lists) {
  const heads = ['contest', 'group', 'ballots', 'items', 'hash'];
  return el('table', {}, el('caption', {}, t('act.lists')),
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, t(`act.list.${head}`))))),
    el('tbody', {}, ...lists.map((list) => el('tr', {}, ...list.map((value, i) => el('td', {},
      i === 4 ? el('code', {}, value.match(/.{8}/g).join(' ')) : value))))));
}

/** Agree to the act that is shown, and to no other. */
async function agree(view) {
  const request = await ask('POST', '/v1/trustee/request', {});
  if (toBase64url(await challengeOf(view.statement, request)) !== request.challenge) {
    showFault(t('act.mismatch'));
    return;
  }
  const answer = await assertWithAuthenticator(request);
  const next = await ask('POST', '/v1/trustee/answer', { answer });
  state.agreed += 1;
  showView(next);
}

function showAct(view) {
  const said = readStatement(view.statement);
  if (said === null) {
    show(`act ${view.act}`, t('act.title'));
    showFault(t('act.unknown'));
    return;
  }
  show(`act ${view.act}`, t('act.title'),
    el('dl', {},
      row(t('act.election'), el('bdi', { translate: 'no' }, view.title)),
      row(t('act.step'), el('strong', {}, t(`act.${said.act}`))),
      row(t('act.record'), t('act.entries', { record: said.record })),
      said.code === undefined ? null : row(t('act.code'), el('code', {}, said.code)),
      said.dealer === undefined ? null : row(t('act.dealer'), said.dealer)),
    said.lists.length === 0 ? null : el('div', { class: 'scroll', tabindex: '0', role: 'group',
      'aria-label': t('act.lists') }, table(said.lists)),
    el('p', {}, t('act.refuse')),
    el('div', { class: 'row' }, button(t('act.agree'), () => attempt(() => agree(view)), { class: 'main' })),
    el('details', {}, el('summary', {}, t('act.details')), el('p', {}, t('act.statement')),
      el('pre', { translate: 'no' }, view.statement), el('p', {}, `${t('act.hash')}: `, el('code', {}, view.act))));
}

/* --- registering ---------------------------------------------------------------------------------- */

async function register() {
  const request = await ask('POST', '/v1/trustee/request', { code });
  const answer = await registerAuthenticator(request, 'psephos');
  state.registered = true;
  showView(await ask('POST', '/v1/trustee/answer', { code, answer }));
}

function showRegister(view) {
  show(`register ${view.authenticators}`, t('register.title'),
    el('p', {}, t('register.text')),
    el('p', {}, t('register.count', { n: view.authenticators, wanted: view.wanted })),
    code === '' ? el('p', {}, t('register.code'))
      : el('div', { class: 'row' }, button(t('register.button'), () => attempt(register), { class: 'main' })));
}

/* --- what there is to do -------------------------------------------------------------------------- */

function showView(view) {
  document.getElementById('who').replaceChildren(t('frame.who', { account: view.account }));
  if (view.mode === 'act' && state.shown !== `act ${view.act}`) showAct(view);
  if (view.mode === 'register' && state.shown !== `register ${view.authenticators}`) showRegister(view);
  if (view.mode === 'idle' && state.shown !== `idle ${state.agreed}`) {
    show(`idle ${state.agreed}`, t('wait.title'),
      el('p', {}, state.registered ? t('register.done') : state.agreed > 0 ? t('wait.done') : t('wait.text')));
  }
}

function showGone() {
  if (state.shown === 'gone') return;
  const words = state.registered ? t('register.done') : state.agreed > 0 ? t('gone.done') : t('gone.text');
  show('gone', t('gone.title'), el('p', {}, words));
}

async function look() {
  try {
    showView(await ask('GET', '/v1/trustee'));
  } catch (error) {
    if (error instanceof Refusal && error.slug === 'unreachable') showGone();
    else showFault(faultWords(error));
  }
  setTimeout(look, POLL_MS);
}

document.documentElement.lang = language;
document.getElementById('skip').textContent = t('frame.skip');
look();

/* What pages share: elements made without HTML in strings, texts in the reader's language, requests
 * to the page's own service. `texts` is made by bundle.sh. */

const language = (() => {
  for (const wanted of navigator.languages ?? []) {
    const short = wanted.split('-')[0];
    if (short in texts) return short;
  }
  return 'en';
})();

/** A text of the page, with its {variables} filled in. */
function t(key, values = {}) {
  const text = texts[language][key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Is there a text of this name? */
function hasText(key) {
  return key in texts[language];
}

/** An element: attributes, `onclick`-like handlers, and children that are elements or text. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A date and time with its zone. */
function when(seconds) {
  return new Intl.DateTimeFormat(language, {
    dateStyle: 'medium', timeStyle: 'long',
  }).format(new Date(seconds * 1000));
}

/** A time of today. */
function clock(seconds) {
  return new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(new Date(seconds * 1000));
}

/** Say something to screen readers without moving the focus. */
function announce(text) {
  document.getElementById('announce').textContent = text;
}

/** What a service refused, in its own words. */
class Refusal extends Error {
  constructor(status, slug, detail, line) {
    super(slug);
    this.status = status;
    this.slug = slug;
    this.detail = detail;
    this.line = line;
  }

  words() {
    const key = `refusal.${this.slug}`;
    if (hasText(key)) return t(key, { line: this.line });
    if (this.detail) return this.detail;
    return t('refusal.other', { slug: this.slug });
  }
}

/** A request to the service of this page; JSON in, JSON out. Throws Refusal. */
async function ask(method, path, body, type = 'application/json', headers = {}) {
  const options = { method, headers: { ...headers }, credentials: 'same-origin', cache: 'no-store' };
  let answer;
  if (body !== undefined) {
    options.headers['Content-Type'] = type;
    options.body = type === 'application/json' ? JSON.stringify(body) : body;
  }
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(0, 'unreachable');
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Refusal(answer.status, (said.type ?? '').replace('urn:psephos:problem:', '') || `status-${answer.status}`,
    said.detail, said.line);
}

/** A button that is busy while its work goes on, and never sends twice. */
function button(text, work, attributes = {}) {
  const node = el('button', { type: 'button', ...attributes }, text);
  node.addEventListener('click', async () => {
    if (node.getAttribute('aria-disabled') === 'true') return;
    node.setAttribute('aria-disabled', 'true');
    try {
      await work();
    } finally {
      node.removeAttribute('aria-disabled');
    }
  });
  return node;
}

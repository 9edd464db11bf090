// An authenticator in software, for tests that need answers no honest one gives, and the requests of an
// officer's browser over the office's Unix socket.
//
//     node authenticator.mjs SOCKET ORIGIN
//
// Reads lines, VERB NAME ARGUMENT… [KEY=VALUE…] with tabs between them, and answers each with a line: the
// status and the slug, or what the verb says.
//     enrol NAME CODE|-              a new credential, by an invitation or by the session
//     login NAME                     a session
//     propose NAME WHAT [F=V…]       an order with these fields, proposed and asserted; prints its hash
//     assert NAME HASH               an act of another officer
//     get|status|headers NAME PATH   what a session may read
//     post NAME PATH BODY            what a session may send
//     key NAME NUMBER                the id of a credential
//     replay NAME HASH               the last answer once more
// What may be wrong (KEY=VALUE): origin, type, rp, key (which of its credentials, from 0), as (the officer whose
// credential answers), flags, count (of signatures), challenge (base64url), act (ask for this one, assert
// that one), sig=bad, id=unknown, handle, aaguid, cross=true, site (the Origin header), times=1 (answer twice).

import crypto from 'node:crypto';
import http from 'node:http';
import readline from 'node:readline';

const [socketPath, origin] = process.argv.slice(2);
const state = {};
let name, wrong, me; // of the line that is being done
const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const sha = (bytes) => crypto.createHash('sha256').update(bytes).digest();

function send(method, path, body, type = 'application/json') {
  return new Promise((done, fail) => {
    const bytes = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { Host: 'officer', Origin: wrong.site ?? origin, Cookie: me.cookie };
    if (bytes !== undefined) Object.assign(headers, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(bytes) });
    const request = http.request({ socketPath, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.on('end', () => {
        const cookie = answer.headers['set-cookie']?.[0];
        if (cookie) me.cookie = cookie.split(';')[0];
        let json = {};
        try { json = JSON.parse(text); } catch { /* a page */ }
        done({ status: answer.statusCode, json, text, headers: answer.headers });
      });
    });
    request.on('error', fail);
    request.end(bytes);
  });
}

function outcome(answer, more = '') {
  const slug = (answer.json.type ?? '').replace('urn:psephos:problem:', '');
  return `${answer.status} ${slug || more}`.trim();
}

// --- CBOR, as little as an attestation needs

function head(major, n) {
  if (n < 24) return Buffer.of(major << 5 | n);
  if (n < 256) return Buffer.of(major << 5 | 24, n);
  return Buffer.of(major << 5 | 25, n >> 8, n & 255);
}
const bytes = (b) => Buffer.concat([head(2, b.length), b]);
const text = (s) => Buffer.concat([head(3, s.length), Buffer.from(s)]);
const int = (n) => (n < 0 ? head(1, -1 - n) : head(0, n));
const map = (...pairs) => Buffer.concat([head(5, pairs.length / 2), ...pairs]);

function coseKey(key) {
  const jwk = crypto.createPublicKey(key).export({ format: 'jwk' });
  return map(int(1), int(2), int(3), int(-7), int(-1), int(1), int(-2), bytes(Buffer.from(jwk.x, 'base64url')),
    int(-3), bytes(Buffer.from(jwk.y, 'base64url')));
}

function clientData(type, request) {
  return JSON.stringify({ type: wrong.type ?? type, challenge: wrong.challenge ?? request.challenge,
    origin: wrong.origin ?? origin, crossOrigin: wrong.cross === 'true' });
}

function authenticatorData(request, flags, count, more = Buffer.alloc(0)) {
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(count);
  return Buffer.concat([sha(wrong.rp ?? request.rp_id), Buffer.of(Number(wrong.flags ?? flags)), counter, more]);
}

function makeCredential(request) {
  const { privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const id = wrong.id ? Buffer.from(wrong.id, 'base64url') : crypto.randomBytes(32);
  const client = clientData('webauthn.create', request);
  const aaguid = Buffer.from((wrong.aaguid ?? '00000000-0000-0000-0000-000000000000').replaceAll('-', ''), 'hex');
  const data = authenticatorData(request, 0x45, 0,
    Buffer.concat([aaguid, Buffer.of(id.length >> 8, id.length & 255), id, coseKey(privateKey)]));
  const object = map(text('fmt'), text('none'), text('attStmt'), map(), text('authData'), bytes(data));
  const key = { id: b64(id), pem: privateKey.export({ type: 'pkcs8', format: 'pem' }), count: 0 };
  return { key, answer: JSON.stringify({ id: b64(id), rawId: b64(id), type: 'public-key',
    response: { clientDataJSON: b64(client), attestationObject: b64(object) } }) };
}

function makeAssertion(request) {
  const key = state[wrong.as ?? name].keys[Number(wrong.key ?? 0)];
  const id = wrong.id === 'unknown' ? b64(crypto.randomBytes(32)) : key.id;
  const client = clientData('webauthn.get', request);
  const count = wrong.count === undefined ? (key.count += 1) : Number(wrong.count);
  const data = authenticatorData(request, 0x05, count);
  const signature = crypto.sign('sha256', Buffer.concat([data, sha(client)]), crypto.createPrivateKey(key.pem));
  if (wrong.sig === 'bad') signature[signature.length - 1] ^= 1;
  return JSON.stringify({ id, rawId: id, type: 'public-key', response: { clientDataJSON: b64(client),
    authenticatorData: b64(data), signature: b64(signature), userHandle: wrong.handle ? b64(wrong.handle) : null } });
}

// --- verbs

async function enrol(code) {
  const asked = code === '-' ? {} : { code };
  const request = await send('POST', '/v1/officer/enrolment', asked);
  if (request.status !== 200) return outcome(request);
  const made = makeCredential(request.json);
  let answer = await send('POST', '/v1/officer/authenticators', { ...asked, answer: made.answer });
  if (wrong.times === '2') answer = await send('POST', '/v1/officer/authenticators', { ...asked, answer: made.answer });
  if (answer.status === 200) me.keys.push(made.key);
  return outcome(answer, answer.json.authenticators);
}

async function login() {
  const request = await send('POST', '/v1/officer/login', { account: name });
  if (request.status !== 200) return outcome(request);
  return outcome(await send('POST', '/v1/officer/session', { account: name, answer: makeAssertion(request.json) }));
}

async function answerTo(request, hash) {
  const answer = makeAssertion(request.json);
  me.last = answer;
  let said = await send('POST', `/v1/acts/${hash}/assertions`, { answer });
  if (wrong.times === '2') said = await send('POST', `/v1/acts/${hash}/assertions`, { answer });
  return said;
}

async function propose(what, ...fields) {
  const lines = fields.map((field) => `${field.replace(':', ' ')}\n`).join('');
  const request = await send('POST', '/v1/officer/proposals', { order: `psephos-order-1\nwhat ${what}\n${lines}`,
    about: 'session of 3 May, CANARY-GROUNDS' });
  if (request.status !== 201) return outcome(request);
  const said = await answerTo(request, request.json.hash);
  return outcome(said, request.json.hash);
}

async function assertAct(hash) {
  const request = await send('POST', `/v1/acts/${hash}/request`, {});
  if (request.status !== 200) return outcome(request);
  const said = await answerTo(request, wrong.act ?? hash);
  return outcome(said, said.json.state);
}

const verbs = {
  enrol, login, propose, assert: assertAct,
  get: async (path) => (await send('GET', path)).text.replaceAll('\n', ' ').trim(),
  key: async (number) => me.keys[Number(number)].id,
  status: async (path) => outcome(await send('GET', path)),
  post: async (path, body) => outcome(await send('POST', path, body)),
  replay: async (hash) => outcome(await send('POST', `/v1/acts/${hash}/assertions`, { answer: me.last })),
  headers: async (path) => JSON.stringify((await send('GET', path)).headers),
  logout: async () => outcome(await send('DELETE', '/v1/officer/session')),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [verb, who, ...rest] = line.split('\t');
  const isWrong = (word) => /^[a-z]+=/.test(word);
  name = who;
  me = state[name] ??= { keys: [], cookie: '' };
  wrong = Object.fromEntries(rest.filter(isWrong).map((x) => [x.slice(0, x.indexOf('=')), x.slice(x.indexOf('=') + 1)]));
  console.log(await verbs[verb](...rest.filter((x) => x !== '' && !isWrong(x))).catch((e) => `failed: ${e.message}`));
}

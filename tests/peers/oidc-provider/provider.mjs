// provider.mjs FOLDER: two identity services (npm oidc-provider) on loopback, `one` over http with RSA
// keys and `two` over https (FOLDER/two.key, two.pem) with keys on P-256. Before each stands a proxy,
// which is the issuer, writes what it is asked to FOLDER/NAME.log, and spoils answers as the word in
// FOLDER/NAME.mode says. FOLDER/NAME.keys counts the exchanges of keys. Ports go to FOLDER/NAME.port.
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Provider from 'oidc-provider';

const folder = process.argv[2];
const MAX = 65536; // what a relying party has to read at most
const read = (name) => {
  try {
    return fs.readFileSync(`${folder}/${name}`, 'utf8').trim();
  } catch {
    return '';
  }
};
const listen = (server) => new Promise((done) => {
  server.listen(0, '127.0.0.1', () => done(server.address().port));
});
const keyOf = (type, kid) => {
  const { privateKey } = type === 'RS256'
    ? crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
    : crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: type, use: 'sig' };
};
const publicOf = ({ kty, n, e, crv, x, y, kid, alg, use }) => (
  kty === 'RSA' ? { kty, n, e, kid, alg, use } : { kty, crv, x, y, kid, alg, use });

// --- the services themselves ---

const settings = (service) => ({
  clients: [{
    client_id: 'election',
    client_secret: 'a secret: with + and %',
    redirect_uris: ['https://vote.example/v1/login/oidc/callback',
      'https://vote.example/v1/login/oidc-2/callback'],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: service.type,
  }],
  jwks: { keys: [service.key] },
  acrValues: ['low', 'substantial', 'high'],
  claims: { openid: ['sub', 'acr', 'amr', 'profile_attributes'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true, methods: ['S256'] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, i) => `/interaction/${i.uid}` },
  cookies: { keys: ['of the test'] },
  ttl: { AuthorizationCode: 60, IdToken: 120, AccessToken: 120, Grant: 600, Interaction: 600, Session: 600 },
  renderError: (ctx, out) => { ctx.body = out; },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      profile_attributes: { given_name: 'CANARY-GIVEN Märi', family_name: 'CANARY-FAMILY' },
    }),
  }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      accountId: ctx.oidc.session.accountId, clientId: ctx.oidc.client.clientId,
    });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});

// A form that a person fills in: who, how surely, by what; or stops.
async function interact(service, req, res) {
  if (req.method !== 'POST') {
    res.setHeader('Content-Type', 'text/html');
    res.end('<form method=post><input name=person><input name=acr><input name=amr></form>');
    return;
  }
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const result = form.get('stop')
    ? { error: form.get('stop'), error_description: 'the person stopped' }
    : {
      login: {
        accountId: form.get('person'),
        acr: form.get('acr') || undefined,
        amr: form.get('amr') ? form.get('amr').split(' ') : undefined,
        remember: false,
      },
    };
  await service.provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

function build(service) {
  service.generation = Number(read(`${service.name}.keys`));
  service.key = keyOf(service.type, `key-${service.name}-${service.generation}`);
  service.provider = new Provider(service.issuer, settings(service));
  service.provider.proxy = true;
  service.callback = service.provider.callback();
}

// --- spoiled answers ---

const now = () => Math.floor(Date.now() / 1000);
const edits = {
  aud: (t) => { t.claims.aud = 'another-site'; },
  'aud-two': (t) => { t.claims.aud = ['election', 'another-site']; },
  'aud-two-azp': (t) => { t.claims.aud = ['election', 'another-site']; t.claims.azp = 'election'; },
  iss: (t, s) => { t.claims.iss = s.other.issuer; },
  nonce: (t) => { t.claims.nonce = 'A'.repeat(43); },
  'nonce-missing': (t) => { delete t.claims.nonce; },
  none: (t) => { t.header = { alg: 'none' }; },
  hs256: (t) => { t.header.alg = 'HS256'; },
  rs512: (t) => { t.header.alg = 'RS512'; },
  crit: (t) => { t.header.crit = ['urn:example:must']; t.header['urn:example:must'] = 1; },
  jwk: (t, s) => { t.header.jwk = publicOf(s.stranger); t.by = s.stranger; },
  expired: (t) => { t.claims.exp = now() - 90; t.claims.iat = now() - 200; },
  'expired-within-skew': (t) => { t.claims.exp = now() - 20; t.claims.iat = now() - 200; },
  'iat-later': (t) => { t.claims.iat = now() + 120; },
  'iat-within-skew': (t) => { t.claims.iat = now() + 20; },
  'kid-missing': (t) => { delete t.header.kid; },
  'kid-missing-two': (t) => { delete t.header.kid; },
  'kid-unknown': (t, s) => { t.header.kid = 'nobody'; t.by = s.stranger; },
  stranger: (t, s) => { t.by = s.stranger; },
  'acr-missing': (t) => { delete t.claims.acr; },
  'acr-unknown': (t) => { t.claims.acr = 'highest'; },
  'amr-missing': (t) => { delete t.claims.amr; },
  'sub-missing': (t) => { delete t.claims.sub; },
  'at-hash': (t) => { t.claims.at_hash = 'A'.repeat(22); },
};
const coded = (x) => Buffer.from(x).toString('base64url');

function sign(t, s) {
  const text = `${coded(JSON.stringify(t.header))}.${coded(JSON.stringify(t.claims))}`;
  const key = crypto.createPrivateKey({ key: t.by ?? s.key, format: 'jwk' });
  let mark;
  if (t.header.alg === 'none') {
    mark = '';
  } else if (t.header.alg === 'HS256') {
    const pem = crypto.createPublicKey(key).export({ type: 'spki', format: 'pem' });
    mark = crypto.createHmac('sha256', pem).update(text).digest();
  } else {
    const hash = t.header.alg === 'RS512' ? 'sha512' : 'sha256';
    mark = crypto.sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  }
  return `${text}.${coded(mark)}`;
}

function spoilTokens(s, mode, answer) {
  const body = JSON.parse(answer.body);
  if (body.id_token === undefined) return;
  const kept = s.kept;
  s.kept = body.id_token;
  if (mode === 'old-token') body.id_token = kept;
  if (mode === 'no-token') delete body.id_token;
  if (mode === 'token-type') body.token_type = 'MAC';
  if (mode === 'long') body.more = 'x'.repeat(MAX);
  if (mode === 'long-enough') body.more = 'x'.repeat(MAX - answer.body.length - 100);
  if (edits[mode]) {
    const [header, claims] = body.id_token.split('.').map((x) => Buffer.from(x, 'base64url'));
    const t = { header: JSON.parse(header), claims: JSON.parse(claims) };
    edits[mode](t, s);
    body.id_token = sign(t, s);
  }
  answer.body = JSON.stringify(body);
}

function spoil(s, mode, path, answer) {
  if (path === '/token') {
    spoilTokens(s, mode, answer);
    if (mode === 'moved') {
      answer.status = 307;
      answer.headers.location = `${s.issuer}/elsewhere`;
    }
    if (mode === 'broken') answer.status = 500;
  } else if (path === '/jwks') {
    const body = JSON.parse(answer.body);
    if (mode === 'kid-missing-two') body.keys.push(publicOf(s.stranger));
    if (mode === 'keys-long') body.more = 'x'.repeat(MAX);
    answer.body = JSON.stringify(body);
  } else if (path === '/.well-known/openid-configuration') {
    const body = JSON.parse(answer.body);
    if (mode === 'place') body.token_endpoint = 'http://127.0.0.2:1/token';
    if (mode === 'place-http') body.token_endpoint = body.token_endpoint.replace('https:', 'http:');
    if (mode === 'name') body.issuer += '/';
    if (mode === 'no-pkce') delete body.code_challenge_methods_supported;
    if (mode === 'no-iss') delete body.authorization_response_iss_parameter_supported;
    if (mode === 'discovery-moved') {
      answer.status = 302;
      answer.headers.location = `${s.issuer}/elsewhere`;
    }
    answer.body = JSON.stringify(body);
  }
}

// --- the proxy ---

function forward(s, req, path, question) {
  const headers = { ...req.headers, 'x-forwarded-proto': s.scheme, 'content-length': question.length };
  delete headers['transfer-encoding'];
  return new Promise((done, failed) => {
    const up = http.request({ port: s.inner, method: req.method, path, headers }, async (got) => {
      const chunks = [];
      for await (const chunk of got) chunks.push(chunk);
      const kept = { ...got.headers };
      delete kept['content-length'];
      delete kept['transfer-encoding'];
      done({ status: got.statusCode, headers: kept, body: Buffer.concat(chunks).toString() });
    });
    up.on('error', failed);
    up.end(question);
  });
}

async function proxy(s, req, res) {
  const mode = read(`${s.name}.mode`);
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  let question = Buffer.concat(chunks).toString();
  const url = new URL(req.url, s.issuer);
  fs.appendFileSync(`${folder}/${s.name}.log`, `${req.method} ${req.url} ${question}\n`);
  if (Number(read(`${s.name}.keys`)) !== s.generation) build(s);
  if (url.pathname === '/token' && mode === 'no-verifier') {
    const form = new URLSearchParams(question);
    form.delete('code_verifier');
    question = form.toString();
  }
  if (url.pathname === '/token' && mode === 'other-verifier') {
    question = question.replace(/code_verifier=./, (x) => `code_verifier=${x.endsWith('A') ? 'B' : 'A'}`);
  }
  const answer = await forward(s, req, req.url, question);
  if (answer.status === 200 || url.pathname === '/token') spoil(s, mode, url.pathname, answer);
  if (url.pathname === '/token' && mode === 'slow') await new Promise((done) => { setTimeout(done, 12000).unref(); });
  if (url.pathname === '/token' && mode === 'cut') {
    req.socket.destroy();
    return;
  }
  res.writeHead(answer.status, answer.headers);
  res.end(answer.body);
}

async function start(name, type, scheme) {
  const s = { name, type, scheme, stranger: keyOf(type, 'stranger') };
  s.inner = await listen(http.createServer((req, res) => (
    req.url.startsWith('/interaction/') ? interact(s, req, res) : s.callback(req, res))));
  const handler = (req, res) => proxy(s, req, res).catch((e) => {
    fs.appendFileSync(`${folder}/${name}.log`, `${e.stack}\n`);
    req.socket.destroy();
  });
  s.port = await listen(scheme === 'https'
    ? https.createServer({ key: read(`${name}.key`), cert: read(`${name}.pem`) }, handler)
    : http.createServer(handler));
  s.issuer = scheme === 'https' ? `https://localhost:${s.port}` : `http://127.0.0.1:${s.port}`;
  build(s);
  return s;
}

const one = await start('one', 'RS256', 'http');
const two = await start('two', 'ES256', 'https');
one.other = two;
two.other = one;
for (const s of [one, two]) fs.writeFileSync(`${folder}/${s.name}.port`, `${s.port}\n`);

/* Orders in words and as bytes: what two officers agree to (programs/common/order.h). */

const reasons = {
  close: ['scheduled', 'early', 'extended', 'other'],
  abort: ['ceremony', 'trustees', 'security', 'decision', 'other'],
  revoke: ['paper', 'not-entitled', 'compromised', 'request', 'other'],
};
reasons.restore = reasons.revoke;
reasons.void = reasons.revoke;

/* The fields of each word in their order. A field is typed in, chosen (choices), or found out by the
 * office from a file or a name (from). */
const orders = {
  open: [],
  close: [{ name: 'reason', choices: reasons.close }],
  freeze: [],
  'mix-end': [],
  result: [],
  end: [],
  abort: [{ name: 'reason', choices: reasons.abort }],
  import: [{ name: 'list', from: 'list' }, { name: 'base', from: 'list' }, { name: 'signature', from: 'list' }],
  release: [{ name: 'through', from: 'pending' }, { name: 'batch', from: 'pending' }],
  revoke: [{ name: 'credential', hex: true }, { name: 'reason', choices: reasons.revoke }],
  restore: [{ name: 'credential', hex: true }, { name: 'reason', choices: reasons.restore }],
  void: [{ name: 'credential', hex: true }, { name: 'reason', choices: reasons.void }],
  statement: [{ name: 'document', from: 'document' },
    { name: 'kind', choices: ['information', 'correction', 'schedule', 'result', 'other'] },
    { name: 'language', preset: language }, { name: 'media', from: 'document' }, { name: 'title' }],
  publish: [{ name: 'daemon' }, { name: 'settings', hex: true }],
  erase: [{ name: 'person', from: 'person' }],
  'remove-authenticator': [{ name: 'account' }, { name: 'credential', hex: true }],
};

function writeOrder(what, values) {
  const lines = orders[what].map((field) => `${field.name} ${values[field.name]}\n`);
  return `psephos-order-1\nwhat ${what}\n${lines.join('')}`;
}

function orderLines(order) {
  return order.split('\n').slice(2).filter((line) => line !== '').map((line) => {
    const space = line.indexOf(' ');
    return [line.slice(0, space), line.slice(space + 1)];
  });
}

function prefixed(bytes, width) {
  const length = new Uint8Array(width);
  for (let i = 0, n = bytes.length; i < width; i++, n >>= 8) length[width - 1 - i] = n & 255;
  return [length, bytes];
}

/** The hash of an act as it is shown, so that what is confirmed is what was read. */
async function actHash(order, act) {
  const utf8 = new TextEncoder();
  const subject = await sha256(order);
  if (toHex(subject) !== act.subject || order.split('\n')[1] !== `what ${act.what}`) return null;
  return sha256('psephos/1/act\0', ...prefixed(utf8.encode(act.what), 1), fromHex(act.election), subject,
    ...prefixed(utf8.encode(act.about), 2), u64(act.made), fromHex(act.nonce));
}

/** Does the office ask for an assertion of the act that is shown? */
async function isOwnRequest(request) {
  const { order, act } = request.proposal;
  const hash = await actHash(order, act);
  if (hash === null || toHex(hash) !== request.hash) return false;
  const statement = new Blob(['psephos/1/act-signature\0', hash]);
  return toBase64url(await challengeOf(statement, request)) === request.challenge;
}

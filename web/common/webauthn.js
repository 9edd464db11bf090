/* Authenticators in the browser. A service sends a request (challenge, rp_id, account, credentials);
 * these functions have the authenticator answer, and give the answer as the JSON text that goes back.
 * Refusals of the browser are DOMExceptions: NotAllowedError (given up, or too slow),
 * InvalidStateError (this authenticator is registered already), others. */

function toBase64url(bytes) {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64url(text) {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
}

function toHex(bytes) {
  return Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('');
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
}

/** SHA-256 over parts, which are texts or bytes. */
async function sha256(...parts) {
  const bytes = await new Blob(parts).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** A number as eight bytes, the most significant first. */
function u64(number) {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, BigInt(number));
  return new Uint8Array(bytes.buffer);
}

/** The challenge for an assertion of the act whose statement this is (docs/officers.md). */
async function challengeOf(statement, request) {
  const act = await sha256('psephos/webauthn-act/1', statement);
  const account = new TextEncoder().encode(request.account);
  return sha256('psephos/webauthn-challenge/1', Uint8Array.of(3), u64(request.issued),
    Uint8Array.of(account.length), account, fromHex(request.nonce), act);
}

function describe(credentials) {
  return credentials.map((id) => ({ type: 'public-key', id: fromBase64url(id) }));
}

function timeLeft(request) {
  return Math.max(1000, request.until * 1000 - Date.now());
}

/** A new credential; the authenticator must not hold one of the account already. */
async function registerAuthenticator(request, site) {
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64url(request.challenge),
      rp: { id: request.rp_id, name: site },
      user: {
        id: new TextEncoder().encode(request.account), name: request.account, displayName: request.account,
      },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -8 }],
      excludeCredentials: describe(request.credentials),
      authenticatorSelection: { userVerification: 'required', residentKey: 'discouraged' },
      attestation: 'direct',
      timeout: timeLeft(request),
    },
  });
  return JSON.stringify({
    id: made.id,
    rawId: toBase64url(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: toBase64url(made.response.clientDataJSON),
      attestationObject: toBase64url(made.response.attestationObject),
    },
  });
}

/** An assertion over the request's challenge by one of its credentials. */
async function assertWithAuthenticator(request) {
  const made = await navigator.credentials.get({
    publicKey: {
      challenge: fromBase64url(request.challenge),
      rpId: request.rp_id,
      allowCredentials: describe(request.credentials),
      userVerification: 'required',
      timeout: timeLeft(request),
    },
  });
  return JSON.stringify({
    id: made.id,
    rawId: toBase64url(made.rawId),
    type: made.type,
    response: {
      clientDataJSON: toBase64url(made.response.clientDataJSON),
      authenticatorData: toBase64url(made.response.authenticatorData),
      signature: toBase64url(made.response.signature),
      userHandle: made.response.userHandle ? toBase64url(made.response.userHandle) : null,
    },
  });
}

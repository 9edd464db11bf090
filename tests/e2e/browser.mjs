// A browser with authenticators in software, for tests: reads commands from standard input, a line each,
// and answers each with one line: "ok …" or "failed …". Keys are pressed as a person would: Tab and Enter.
//
//     node browser.mjs PEERS           PEERS: the folder that has playwright-core
//
//     authenticator NAME [unverified]  plug this one in, and no other; made when it is not known
//     open URL                         go there
//     press TEXT                       Tab until the focus is on a button or link of this text, then Enter
//     see TEXT                         wait until the page shows it (a regular expression)
//     title TEXT                       wait for this h1
//     text                             what the page shows
//     bend HOW                         from now on answers to the service are changed: signature, replay, none
//     shot FILE                        a picture
//     width N                          of the window
//     overflow                         is the page wider than the window?
//     faults                           what the console complained of
//     quit

import readline from 'node:readline';
import { createRequire } from 'node:module';

const require = createRequire(`${process.argv[2]}/`);
const { chromium } = require('playwright-core');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
const page = await context.newPage();
const cdp = await context.newCDPSession(page);
const faults = [];
page.on('console', (message) => {
  if (message.type() === 'error' && !/status of 4\d\d|ERR_CONNECTION|ERR_EMPTY/.test(message.text())) faults.push(message.text());
});
page.on('pageerror', (error) => faults.push(String(error)));
await cdp.send('WebAuthn.enable');

const kept = {}; // credentials of those that are not plugged in
let plugged = null;
let bend = 'none';
let last = null;

await page.route('**/v1/**/answer', async (route) => {
  const body = JSON.parse(route.request().postData());
  const was = body.answer;
  if (bend === 'signature') {
    const answer = JSON.parse(body.answer);
    const bytes = Buffer.from(answer.response.signature, 'base64url');
    bytes[bytes.length - 1] ^= 1;
    answer.response.signature = bytes.toString('base64url');
    body.answer = JSON.stringify(answer);
  }
  if (bend === 'replay' && last !== null) body.answer = last;
  last = was;
  await route.continue({ postData: JSON.stringify(body) });
});

async function plug(name, kind) {
  if (plugged !== null) {
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: plugged.id });
    kept[plugged.name] = credentials;
    await cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: plugged.id });
  }
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'usb', hasResidentKey: false, hasUserVerification: kind !== 'unverified',
      isUserVerified: kind !== 'unverified', automaticPresenceSimulation: true,
    },
  });
  for (const credential of kept[name] ?? []) {
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
  }
  plugged = { name, id: authenticatorId };
}

async function press(text) {
  for (let i = 0; i < 60; i++) {
    const focused = await page.evaluate(() => {
      const node = document.activeElement;
      return node !== null && ['BUTTON', 'A', 'SUMMARY'].includes(node.tagName) ? node.textContent.trim() : '';
    });
    if (focused === text) {
      await page.keyboard.press('Enter');
      return 'ok';
    }
    await page.keyboard.press('Tab');
  }
  return `failed no key leads to "${text}"`;
}

async function until(found, what) {
  const end = Date.now() + 60000;
  while (Date.now() < end) {
    if (await found().catch(() => false)) return 'ok';
    await new Promise((done) => setTimeout(done, 100));
  }
  return `failed not seen: ${what}; ${(await page.innerText('body')).replace(/\s+/g, ' ').slice(0, 400)}`;
}

const commands = {
  authenticator: async (rest) => { await plug(...rest.split(' ')); return 'ok'; },
  open: async (url) => { await page.goto('about:blank'); await page.goto(url); return 'ok'; },
  press,
  see: (text) => until(async () => new RegExp(text).test(await page.innerText('body')), text),
  title: (text) => until(async () => (await page.innerText('h1')) === text, text),
  text: async () => `ok ${(await page.innerText('body')).replace(/\s+/g, ' ')}`,
  bend: async (how) => { bend = how; return 'ok'; },
  shot: async (file) => { await page.screenshot({ path: file, fullPage: true }); return 'ok'; },
  width: async (n) => { await page.setViewportSize({ width: Number(n), height: 900 }); return 'ok'; },
  overflow: async () => ((await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
    ? 'failed the page is wider than the window' : 'ok'),
  faults: async () => (faults.length === 0 ? 'ok' : `failed ${faults.join('; ')}`),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const space = line.indexOf(' ');
  const word = space < 0 ? line : line.slice(0, space);
  if (word === 'quit') break;
  let said;
  try {
    said = await commands[word](space < 0 ? '' : line.slice(space + 1));
  } catch (error) {
    said = `failed ${String(error).replace(/\s+/g, ' ')}`;
  }
  process.stdout.write(`${said}\n`);
}
await browser.close();

// Two officers in Chromium with virtual authenticators, by keyboard alone, at the office's own page.
//
//     node officers_browser.mjs PEER ORIGIN SHOTS ANN-INVITATION BEN-INVITATION
//
// PEER is the folder that has playwright-core, SHOTS one for pictures. Prints a line for each thing that was seen;
// the first that fails ends it.

import { createRequire } from 'node:module';
import path from 'node:path';

const [peer, origin, shots, annCode, benCode] = process.argv.slice(2);
const { chromium } = createRequire(`${peer}/package.json`)('playwright-core');
const PATIENCE = 60000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...(process.env.CHROMIUM_ARGS ?? '').split(' ').filter(Boolean).map((x) => x.replaceAll('*', ' '))],
});
const reports = [];

function saw(what) {
  console.log(`ok ${what}`);
}
function must(what, holds) {
  if (!holds) throw new Error(what);
  saw(what);
}

/** A person at a machine of their own: a context, a page, two authenticators of which one is plugged in. */
async function officer(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) reports.push(`${name}: ${message.text()}`); });
  page.on('pageerror', (error) => reports.push(`${name}: ${error.message}`));
  page.on('request', (request) => { if (!request.url().startsWith(`${origin}/`)) reports.push(`${name}: asked for ${request.url()}`); });
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  return { name, context, page, devtools, plugged: null };
}

/** Another authenticator is put in and the last one taken out, with its keys kept for later. */
async function plug(who, { verified = true } = {}) {
  if (who.plugged) {
    who.drawer = { id: who.plugged, keys: (await who.devtools.send('WebAuthn.getCredentials', { authenticatorId: who.plugged })).credentials };
    await who.devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: who.plugged });
  }
  const { authenticatorId } = await who.devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasUserVerification: true, isUserVerified: verified, automaticPresenceSimulation: true },
  });
  who.plugged = authenticatorId;
}

/** Go to the control of this name with Tab, as somebody without a mouse does, and press it. */
async function tabTo(who, name) {
  for (let i = 0; i < 80; i++) {
    const at = await who.page.evaluate(() => {
      const e = document.activeElement;
      const label = e.labels?.[0]?.textContent ?? '';
      const box = e.getBoundingClientRect();
      return { text: e.tabIndex < 0 ? '' : `${label}${e.textContent}`.trim(), ring: getComputedStyle(e).outlineStyle, seen: box.top >= 0 && box.bottom <= innerHeight + 1 };
    });
    if (at.text.startsWith(name)) {
      if (at.ring === 'none' || !at.seen) throw new Error(`the focus on ${name} cannot be seen`);
      return;
    }
    await who.page.keyboard.press('Tab');
  }
  throw new Error(`nobody gets to ${name} by keyboard`);
}
async function press(who, name) {
  await tabTo(who, name);
  await who.page.keyboard.press('Enter');
}
const heading = (who, text) => who.page.getByRole('heading', { name: text, exact: true }).waitFor();
const says = (who, text) => who.page.getByText(text).first().waitFor();

async function picture(who, name) {
  const shot = (more) => who.page.screenshot({ path: path.join(shots, `${name}-${more}.png`), fullPage: true });
  await who.page.emulateMedia({ colorScheme: 'light' });
  await shot('light');
  await who.page.emulateMedia({ colorScheme: 'dark' });
  await shot('dark');
  await who.page.emulateMedia({ colorScheme: 'light' });
  await who.page.setViewportSize({ width: 320, height: 640 });
  const wide = await who.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  await shot('320');
  await who.page.setViewportSize({ width: 1280, height: 900 });
  must(`${name}: nothing scrolls sideways at 320 pixels`, !wide);
}

/** Each control has a name, each field a label; one h1; language; contrast of what is written. */
async function accessible(who, name) {
  const faults = await who.page.evaluate(() => {
    const found = [];
    const lum = (rgb) => {
      const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const colour = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);
    const ground = (node) => {
      for (let at = node; at !== null; at = at.parentElement) {
        const c = getComputedStyle(at).backgroundColor;
        if (!/, 0\)$/.test(c) && c !== 'transparent') return colour(c);
      }
      return [255, 255, 255];
    };
    for (const node of document.querySelectorAll('button, input, select, textarea, summary, a')) {
      const named = node.labels?.length > 0 || node.textContent.trim() !== '';
      if (!named) found.push(`${node.tagName} ${node.id} has no name`);
      const box = node.getBoundingClientRect();
      if (box.height > 0 && box.height < 24 && node.tagName !== 'A') found.push(`${node.tagName} ${node.id} is ${box.height} high`);
    }
    if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
    if (document.documentElement.lang === '') found.push('no language');
    if (document.querySelector('[role=status]') === null) found.push('no place to announce in');
    for (const node of document.querySelectorAll('main *, header *')) {
      if (![...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '')) continue;
      const [a, b] = [lum(colour(getComputedStyle(node).color)), lum(ground(node))].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) found.push(`${node.tagName} "${node.textContent.slice(0, 20)}" has too little contrast`);
    }
    const ids = [...document.querySelectorAll('[id]')].map((n) => n.id);
    if (new Set(ids).size !== ids.length) found.push('an id twice');
    return found;
  });
  if (faults.length > 0) throw new Error(`${name}: ${faults.join('; ')}`);
  saw(`${name}: names, sizes, contrast`);
}
async function accessibleInBoth(who, name) {
  for (const colorScheme of ['light', 'dark']) {
    await who.page.emulateMedia({ colorScheme });
    await accessible(who, `${name}, ${colorScheme}`);
  }
  await who.page.emulateMedia({ colorScheme: 'light' });
}

async function enrol(who, code) {
  await who.page.goto(`${origin}/officer#invitation=${code}`);
  await heading(who, 'Register your authenticators');
  must(`${who.name}: the secret leaves the address`, !who.page.url().includes('#'));
  await plug(who, { verified: false });
  await press(who, 'Register the first authenticator');
  await says(who, 'There is a problem');
  saw(`${who.name}: an authenticator that does not ask who one is registers nothing`);
  await plug(who);
  await press(who, 'Register the first authenticator');
  await heading(who, 'Register the second authenticator');
  await press(who, 'Register the second authenticator');
  await says(who, 'This authenticator is registered already');
  saw(`${who.name}: the same one is no second one`);
  await accessibleInBoth(who, `${who.name}: second authenticator`);
  await picture(who, `enrol-${who.name}`);
  await plug(who);
  await press(who, 'Register the second authenticator');
  await heading(who, 'Acts of two officers');
  saw(`${who.name} has two authenticators and is at the desk`);
}

/** The same page for somebody who reads Estonian. */
async function inEstonian() {
  const mari = await officer('mari', { locale: 'et-EE' });
  await mari.page.goto(`${origin}/officer`);
  await heading(mari, 'Sisselogimine');
  must('the page speaks the language of the browser, and says so', await mari.page.evaluate(() => document.documentElement.lang) === 'et');
  await accessibleInBoth(mari, 'login in Estonian');
  await picture(mari, 'login-et');
  await mari.context.close();
}

async function run() {
  await inEstonian();
  const ann = await officer('ann');
  const ben = await officer('ben');
  await enrol(ann, annCode);
  await enrol(ben, benCode);

  await press(ben, 'Log out');
  await heading(ben, 'Log in');
  await accessibleInBoth(ben, 'login');
  await picture(ben, 'login');
  await tabTo(ben, 'Your name');
  await ben.page.keyboard.type('eve');
  await ben.page.keyboard.press('Enter');
  await says(ben, 'There is no officer of this name');
  saw('a stranger is told');
  await tabTo(ben, 'Your name');
  await ben.page.keyboard.press('Control+A');
  await ben.page.keyboard.type('ben');
  await ben.page.keyboard.press('Enter');
  await heading(ben, 'Acts of two officers');
  saw('ben logs in again');
  const cookie = (await ben.context.cookies()).find((one) => one.name === '__Host-psephos-officer');
  must('the cookie is out of reach', cookie?.httpOnly && cookie.secure && cookie.sameSite === 'Strict' && cookie.path === '/');

  await tabTo(ann, 'What is to be done');
  await ann.page.keyboard.type('Publish the hash');
  await press(ann, 'Propose and confirm');
  await says(ann, 'Fill this in');
  saw('what is missing is asked for, at its field');
  await tabTo(ann, 'Service');
  await ann.page.keyboard.type('box');
  await tabTo(ann, 'Settings');
  await ann.page.keyboard.type('ab'.repeat(32));
  await tabTo(ann, 'Grounds');
  await ann.page.keyboard.type('Checked on 3 May, <b>both</b> of us');
  await press(ann, 'Propose and confirm');
  await says(ann, 'confirmed, good until');
  saw('ann proposes and confirms');
  must('ann is not asked again', await ann.page.getByRole('button', { name: 'Confirm', exact: true }).count() === 0);
  await ben.page.getByRole('button', { name: 'Confirm', exact: true }).waitFor();
  must('grounds are text', await ben.page.getByText('Checked on 3 May, <b>both</b> of us').count() === 1);
  await accessibleInBoth(ben, 'desk');
  await picture(ben, 'desk');
  await press(ben, 'Confirm');
  await ben.page.locator('#past').getByText('Done', { exact: true }).waitFor();
  saw('ben confirms, and it is done');
  await ann.page.locator('#past').getByText('Done', { exact: true }).waitFor();
  saw('ann sees it');
  await picture(ann, 'done');
  must(`the browser had nothing to report ${reports.join('; ')}`.trim(), reports.length === 0);
}

try {
  await run();
} catch (error) {
  console.log(`not ok ${error.message.split('\n')[0]} ${reports.join('; ')}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

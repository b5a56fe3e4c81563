// The QA page as people use it: a real browser, the real program, a destination made from the fixtures.
//
//     scripts/browser [FOLDER FOR SCREENSHOTS]
//
// Each step goes on where the one before ended; the first that fails ends the test with its page's address and a picture.

const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [program, shots] = process.argv.slice(2);
const root = path.resolve(__dirname, "../..");
const work = fs.mkdtempSync(path.join(os.tmpdir(), "sordino-page-"));
const dest = path.join(work, "redacted");
const env = { ...process.env, SORDINO_STATE_DIR: path.join(work, "state"), SORDINO_CALL_ID_KEY: "0123456789abcdef0123456789abcdef",
  SORDINO_RELEASE_POLICIES: path.join(work, "reviewed.toml") };
const PASSWORD = "four words that nobody knows";
const ARGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage --autoplay-policy=no-user-gesture-required".split(" ");
const WIDE = { width: 1360, height: 900 };
const NARROW = { width: 390, height: 844 };

// Compares every file of a zip with its line of SHA256SUMS, and names them.
const CHECK_ZIP = `import hashlib, os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    read = {os.path.basename(n): z.read(n) for n in z.namelist()}
sums = [line.split("  ") for line in read["SHA256SUMS"].decode().splitlines()]
assert sums and all(hashlib.sha256(read[name]).hexdigest() == digest for digest, name in sums), sums
print(*(name for _, name in sums))`;

const run = (...args) => execFileSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const held = path.join(work, "held");

// A run under a policy that holds what is the least risky.
function redactHeld() {
  try {
    run("redact", "--policy", path.join(work, "careful.toml"), held, dest);
  } catch (error) {
    assert.equal(error.status, 3, error.stderr);
  }
}

function prepare() {
  fs.mkdirSync(held);
  for (const name of ["pump.wav", "pump.json"]) fs.copyFileSync(path.join(root, "fixtures/calls", name), path.join(held, `held-${name}`));
  fs.copyFileSync(path.join(root, "fixtures/calls/ride.wav"), path.join(held, "alone.wav"));
  const policy = (name, rest) => fs.writeFileSync(path.join(work, `${name}.toml`), `name = "${name}"\nversion = 1\nhide = ["SSN", "PHONE", "DOB", "NAME", "DEVICE", "LICENSE", "URL", "OTHER"]\n${rest}`);
  policy("careful", "[hold]\nrisk-max = 0.00001\n");
  policy("reviewed", "[mute]\npad-recogniser-ms = 400\n");
  run("redact", path.join(root, "fixtures/calls"), dest);
  redactHeld();
  const table = ["call,team,agent,started", "billing-card,north,Ana One,2026-11-02T09:12:00Z", "lab-results,north,Ben Two,2026-11-03T10:00:00Z",
    "refill-line,south,Cyd Three,2026-11-04T11:30:00Z", "prior-auth,south,Cyd Three,2026-11-05T08:05:00Z"].join("\n");
  fs.writeFileSync(path.join(work, "calls.csv"), table);
  assert.match(run("label", path.join(work, "calls.csv"), dest), /4 calls/);
  const users = [["lead", "qa-lead"], ["coach", "coach", "north"], ["officer", "privacy-officer"], ["second", "privacy-officer"], ["auditor", "auditor"], ["admin", "admin"]];
  const first = {};
  for (const [name, role, team] of users) {
    const added = run("users", "add", dest, name, "--role", role, ...(team ? ["--team", team] : []));
    first[name] = /^\S*$/m.test(added) ? added.trim().split(/\s+/).pop() : added.trim();
  }
  return first;
}

function serve() {
  const server = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--log", "info", dest], { env, stdio: ["ignore", "inherit", "pipe"] });
  return new Promise((done, failed) => {
    let told = "";
    server.stderr.on("data", (bytes) => {
      told += bytes;
      const at = /"address":"([^"]+)"/.exec(told) ?? /listening.*?(127\.0\.0\.1:\d+)/.exec(told);
      if (at) done({ server, base: `http://${at[1]}`, told: () => told });
    });
    server.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${told}`)));
  });
}

// RFC 6238, as an authenticator app has it.
function code(secret, ahead = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[=\s]/g, "")].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = crypto.createHmac("sha1", key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

let page;
let base;
const violations = [];
const messages = [];

async function look(name, { narrow = true } = {}) {
  await page.evaluate(AXE);
  await page.evaluate(() => scrollTo(0, 0));
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const size of narrow ? [WIDE, NARROW] : [WIDE]) {
      await page.setViewportSize(size);
      const { violations: found } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      violations.push(...found.map((v) => `${name} (${scheme}, ${size.width}): ${v.id}: ${v.nodes.map((n) => n.target + " " + n.failureSummary).slice(0, 2).join("; ")}`));
      if (shots) await page.screenshot({ path: path.join(shots, `${name}-${scheme}-${size === WIDE ? "wide" : "narrow"}.png`), fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${name} at ${size.width} is ${overflow} px too wide`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(WIDE);
}

async function signIn(browser, name, password, see = async () => {}) {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: "reduce" });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("console", (message) => message.type() === "error" && messages.push(`${name}: ${message.text()}`));
  page.on("pageerror", (error) => messages.push(`${name}: ${error}`));
  page.on("request", (request) => assert.ok(request.url().startsWith(base), `asked another place: ${request.url()}`));
  await page.goto(`${base}/calls`);
  assert.match(page.url(), /\/sign-in/);
  await see("sign-in");
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.press("#password", "Enter");
  await page.waitForURL(/\/password$/);
  await see("password");
  if (await page.$("#current")) await page.fill("#current", password);
  await page.fill("#new", PASSWORD);
  await page.fill("#again", PASSWORD);
  await page.click("main button");
  if (!/second-factor/.test(page.url())) await page.goto(base);
  await page.waitForURL(/\/second-factor$/);
  await see("second-factor");
  const secret = await page.textContent("#secret");
  await page.fill("#code", code(secret));
  await page.click("main button");
  await page.waitForURL((url) => !/second-factor/.test(url.pathname));
  await page.goto(base);
  return secret;
}

async function signInAgain(name, secret) {
  await page.click("text=Sign out");
  await page.waitForURL(/\/sign-in/);
  await page.fill("#name", name);
  await page.fill("#password", PASSWORD);
  await page.fill("#code", "000000");
  await page.click("main button");
  assert.match(await page.textContent("[role=alert]"), /wrong/);
  await page.fill("#name", name);
  await page.fill("#password", PASSWORD);
  // The code that was used to set it up is used up: the next one is good already.
  await page.fill("#code", code(secret, 1));
  await page.click("main button");
  await page.waitForURL(/\/calls/);
}

const steps = [];
const step = (name, what) => steps.push([name, what]);
// The index follows the store every few seconds: asks for a page until it is as it must become.
async function eventually(address, is, what) {
  for (const end = Date.now() + 60_000; ; await page.waitForTimeout(1_000)) {
    await page.goto(base + address);
    if (await is()) return;
    assert.ok(Date.now() < end, what);
  }
}
const status = async (address) => (await page.goto(base + address)).status();

step("a lead signs in with a second factor and sees the calls", async (browser, first) => {
  const secret = await signIn(browser, "lead", first.lead, look);
  await signInAgain("lead", secret);
  for (let tries = 0; tries < 60 && (await page.locator("table.list tbody tr").count()) === 0; tries++) {
    await page.waitForTimeout(500);
    await page.goto(`${base}/calls`);
  }
  assert.equal(await page.locator("h1").textContent(), "Calls");
  assert.ok((await page.locator("table.list tbody tr").count()) >= 10);
  await look("calls");
});

step("filters stand in the address and say what to leave out", async () => {
  await page.selectOption("#team", "north");
  await page.click("form.filters button.main");
  assert.match(page.url(), /team=north/);
  assert.equal(await page.locator("table.list tbody tr").count(), 2);
  await page.goto(`${base}/calls?team=north&min=600`);
  assert.match(await page.textContent(".empty"), /No call fits/);
  await look("calls-none", { narrow: false });
  await page.click(".empty a.button:has-text('at least')");
  assert.equal(await page.locator("table.list tbody tr").count(), 2);
});

step("a search finds what was said and leads to where it was said", async () => {
  await page.goto(`${base}/calls`);
  await page.fill("#q", "cholesterol");
  await page.press("#q", "Enter");
  assert.equal(await page.locator("tr.excerpt mark").textContent(), "cholesterol");
  await look("search", { narrow: false });
  await page.goto(`${base}/calls?q=drummond`);
  assert.match(await page.textContent(".empty"), /No call fits/, "a name that is hidden is not found");
  await page.goto(`${base}/calls?q=${encodeURIComponent('" OR * NEAR( text:')}`);
  assert.equal(await page.locator("h1").textContent(), "Calls", "no syntax of the engine");
  await page.goto(`${base}/calls?q=cholesterol`);
  await page.click("tr.excerpt a");
  await page.waitForURL(/\/calls\/[0-9a-f]{32}#t=\d+/);
});

step("the call plays, shows what is muted, and follows the transcript", async () => {
  await page.waitForFunction(() => document.querySelector("audio").readyState > 0);
  await page.waitForFunction(() => document.querySelectorAll(".lane[data-drawn]").length > 0);
  const began = await page.evaluate(() => document.querySelector("audio").currentTime);
  assert.ok(began > 1, "it begins where the search found the words");
  assert.ok((await page.locator(".lane rect.muted").count()) > 0, "muted spans are drawn");
  assert.ok((await page.locator(".legend .chip").count()) > 0, "and named");
  assert.ok((await page.locator(".turns .chip").count()) > 0, "masked stretches are chips");
  const text = await page.textContent(".turns");
  assert.ok(!/drummond|ezekiel/i.test(text) && /cholesterol/.test(text));
  await look("call");
  await page.click("#back");
  const from = await page.evaluate(() => document.querySelector("audio").currentTime);
  await page.keyboard.press("k");
  await page.waitForFunction((from) => document.querySelector("audio").currentTime > from + 1, from);
  assert.equal(await page.textContent("#play"), "Pause");
  assert.equal(await page.locator(".turns li.now-said").count(), 1, "the turn that is heard is marked");
  await page.click("#play");
  assert.ok(await page.evaluate(() => document.querySelector("audio").paused));
});

step("a click on a word seeks, the slider and the keys too; what is muted is skipped", async () => {
  const word = page.locator(".turns [data-t]").nth(3);
  const at = Number(await word.getAttribute("data-t")) / 1000;
  await word.click();
  await page.waitForFunction((at) => Math.abs(document.querySelector("audio").currentTime - at) < 0.05, at);
  await page.focus("#seek");
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((at) => Math.abs(document.querySelector("audio").currentTime - at - 5) < 0.1, at);
  const now = Number(await page.getAttribute("#seek", "aria-valuenow"));
  assert.ok(Math.abs(now - at - 5) <= 1, "assistive technology hears of it");
  const muted = JSON.parse(await page.getAttribute("[data-call]", "data-muted")).find(([from, to]) => to - from > 1500);
  await page.check("#skip");
  await page.evaluate((from) => { const audio = document.querySelector("audio"); audio.currentTime = from; return audio.play(); }, muted[0] / 1000);
  await page.waitForFunction((to) => document.querySelector("audio").currentTime >= to - 0.05, muted[1] / 1000, { timeout: 1000 });
  await page.evaluate(() => document.querySelector("audio").pause());
  await page.selectOption("#speed", "1.5");
  assert.equal(await page.evaluate(() => document.querySelector("audio").playbackRate), 1.5);
});

step("whoever types is there, and their session goes on", async () => {
  await page.evaluate(() => { const now = Date.now; Date.now = () => now() + 300_000; });
  const asked = page.waitForRequest((request) => request.method() === "HEAD");
  await page.fill("#note-text", "I am");
  assert.equal((await (await asked).response()).status(), 303, "nothing that would be written down");
});

step("a note with a name is refused with the reason and kept in the form; without, it is saved", async () => {
  await page.fill("#note-time", "0:04");
  await page.selectOption("#note-mark", "improve");
  await page.fill("#note-text", "Her number is 212-867-0001, ask Maria Hill");
  await page.click("aside form[action$=notes] button.main");
  assert.match(await page.textContent("[role=alert]"), /Not saved.*(Phone|Name)/s);
  assert.match(await page.inputValue("#note-text"), /Maria/);
  await page.waitForFunction(() => document.querySelectorAll(".lane[data-drawn]").length > 0);
  await look("note-refused", { narrow: false });
  await page.fill("#note-text", "Ask for the <b>reason</b> of the call first.");
  await page.click("aside form[action$=notes] button.main");
  await page.waitForURL(/noted=yes/);
  assert.match(await page.textContent("ul.notes"), /To improve.*<b>reason<\/b>/s, "text is text");
  assert.equal(await page.locator(".lane line.mark").count() > 0, true);
  const written = fs.readdirSync(path.join(dest, ".notes")).map((name) => fs.readFileSync(path.join(dest, ".notes", name), "utf8")).join();
  assert.ok(!/Maria|867/.test(written) && /reason/.test(written));
});

step("a download asks for its purpose, and is whole", async () => {
  await page.selectOption("#what", "all.zip");
  await page.click("aside form[action$=download] button");
  assert.ok(await page.$("#purpose:invalid"), "nothing is sent without a purpose");
  await page.selectOption("#purpose", { index: 1 });
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("aside form[action$=download] button")]);
  const file = path.join(work, "all.zip");
  await download.saveAs(file);
  const names = execFileSync("python3", ["-c", CHECK_ZIP, file], { encoding: "utf8" }).trim().split(" ");
  assert.ok(["manifest.json", "recording.wav", "transcript.json"].every((name) => names.includes(name)), names.join());
  assert.match(run("audit", "search", dest), /lead qa-lead {2}download allowed.*for /);
});

let marked;
step("words that should be hidden are marked, and what need not be", async () => {
  await page.goto(page.url().replace(/[?#].*/, ""));
  await page.click("text=Mark words");
  await page.waitForURL(/mark=yes/);
  await page.waitForFunction(() => document.querySelectorAll(".lane[data-drawn]").length > 0);
  const word = page.locator("label.mark:has-text('cholesterol')").first();
  marked = { path: new URL(page.url()).pathname, t: Number(await word.locator("[data-t]").getAttribute("data-t")) };
  await word.click();
  const box = page.locator(".mark input[name=word]");
  await box.first().focus();
  await page.keyboard.press("Space");
  assert.equal(await page.locator(".mark :checked").count(), 2, "by a click, and by the keyboard");
  await look("call-marking");
  await page.keyboard.press("Space");
  await page.click("button:has-text('Hide them')");
  assert.ok(await page.$("#category:invalid"), "nothing is sent without a category");
  await page.selectOption("#category", "NAME");
  await page.click("button:has-text('Hide them')");
  await page.waitForURL(/marked=yes/);
  assert.match(await page.textContent(".turns .waits"), /cholesterol/);
  assert.match(await page.textContent(".requests"), /Name.*1 word.*Waits for a privacy officer/s);
  await look("call-marked", { narrow: false });
  await page.goto(`${base}${marked.path}?mark=yes`);
  await page.locator("label.mark:has(.chip)").first().click();
  await page.click("button:has-text('Hidden needlessly')");
  await page.waitForURL(/marked=yes/);
  const records = fs.readdirSync(path.join(dest, ".spans")).filter((name) => name.endsWith(".json"));
  const written = records.map((name) => fs.readFileSync(path.join(dest, ".spans", name), "utf8"));
  assert.ok(written.length === 2 && !/cholesterol/i.test(written.join()), "the text is nowhere");
  run("redact", path.join(root, "fixtures/calls"), dest);
  assert.ok(/cholesterol/.test(await (await page.request.get(base + marked.path)).text()), "nobody has agreed");
});

let call;
step("a coach sees the calls of the own team and no other, and searches no text", async (browser, first) => {
  const all = await (async () => { await page.goto(`${base}/calls?team=south`); return page.locator("table.list a[href^='/calls/']").evaluateAll((as) => as.map((a) => a.getAttribute("href"))); })();
  call = all[0];
  await signIn(browser, "coach", first.coach);
  await page.goto(`${base}/calls`);
  assert.equal(await page.locator("table.list tbody tr").count(), 2);
  assert.equal(await page.locator("#q").count(), 0);
  await page.goto(`${base}/calls?q=cholesterol`);
  assert.equal(await page.locator("tr.excerpt").count(), 0);
  assert.ok([403, 404].includes(await status(call)), "a call of another team");
  await page.goto(`${base}/calls`);
  await page.click("table.list a");
  await page.waitForSelector(".turns");
  assert.equal(await page.locator("#download").count(), 0, "coaches are offered no download");
  const own = new URL(page.url()).pathname;
  assert.ok([403, 404].includes((await page.request.get(`${base}${own}/download?what=all.zip&purpose=coaching`)).status()), "and get none");
  assert.equal(await status("/held"), 403);
  await look("refused", { narrow: false });
});

step("a held call is released by an order that a second officer agrees to", async (browser, first) => {
  await signIn(browser, "officer", first.officer);
  assert.match(page.url(), /\/held$/, "home is where the role's work is");
  await page.waitForSelector("table.list tbody tr");
  assert.equal(await page.locator("table.list tbody tr").count(), 2);
  await look("held");
  await page.click("tr:has-text('Residual risk') a");
  const address = new URL(page.url()).pathname;
  assert.equal(await page.locator("#policy option").count(), 2);
  await look("held-call");
  await page.selectOption("#policy", "reviewed");
  await page.click("button:has-text('Order')");
  assert.match(await page.textContent("main"), /Another privacy officer must agree/);
  assert.equal(await page.locator("button:has-text('Agree')").count(), 0);
  redactHeld();
  assert.equal(fs.readdirSync(path.join(dest, ".held")).length, 2, "nothing is released yet");
  await signIn(browser, "second", first.second);
  await page.goto(base + address);
  await page.click("button:has-text('Agree')");
  assert.match(await page.textContent("main"), /Agreed by second/);
  redactHeld();
  assert.equal(fs.readdirSync(path.join(dest, ".held")).length, 1, "it is released");
  const released = address.split("/").pop();
  assert.equal(JSON.parse(fs.readFileSync(path.join(dest, released, "manifest.json"), "utf8")).policy.name, "reviewed");
  assert.equal(await status(address), 404);
  await page.goto(`${base}/held`);
  assert.equal(await page.locator("table.list tbody tr").count(), 1, "the list has it at once");
  const log = run("audit", "search", dest);
  assert.match(log, /officer privacy-officer {2}release-held allowed.*why asked/);
  assert.match(log, /second privacy-officer {2}release-held allowed.*why approved/);
});

// Whether the recording that the page plays has anything but silence in these seconds.
const isHeard = (from, until) => page.evaluate(async ([from, until]) => {
  const bytes = await (await fetch(document.querySelector("audio").src)).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 8000, 8000).decodeAudioData(bytes);
  const samples = sound.getChannelData(0).slice(from * 8000, until * 8000);
  return samples.length > 0 && samples.some((sample) => Math.abs(sample) > 0.0005);
}, [from, until]);

step("a second officer agrees to the marked words, and the next run masks and mutes them", async () => {
  await page.goto(`${base}/held`);
  await look("held-to-review", { narrow: false });
  await page.click(`a[href='${marked.path}']`);
  await page.waitForSelector("#play");
  const at = marked.t / 1000;
  assert.ok(await isHeard(at, at + 0.3), "so far it is heard");
  await page.click("button:has-text('Agree')");
  await page.waitForURL(/marked=yes/);
  assert.match(await page.textContent("aside"), /1 span was added by hand; the next run hides/);
  run("redact", path.join(root, "fixtures/calls"), dest);
  await eventually(marked.path, async () => !/cholesterol/i.test(await page.textContent(".turns")), "masked");
  assert.ok(!(await isHeard(at, at + 0.3)), "and muted");
  await look("call-of-officer", { narrow: false });
  const log = run("audit", "search", dest);
  assert.match(log, /lead qa-lead {2}mark-spans allowed.*why asked/);
  assert.match(log, /second privacy-officer {2}mark-spans allowed.*why agreed/);
  const examples = run("examples", dest).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(examples.map((example) => example.kind), ["added", "needless"]);
  assert.ok(!/cholesterol/i.test(JSON.stringify(examples)) && examples[0].said.every((word) => /^[Xx.,?']+$/.test(word)));
  const [download] = await Promise.all([page.waitForEvent("download"), page.goto(`${base}/examples`).catch(() => {})]);
  assert.equal(fs.readFileSync(await download.path(), "utf8"), run("examples", dest));
});

step("a stretch of a held call is hidden by hand", async () => {
  await page.goto(`${base}/held`);
  await page.click("table.list a");
  await page.waitForSelector("#from");
  const address = new URL(page.url()).pathname;
  await page.fill("#from", "0:01.5");
  await page.fill("#until", "0:01");
  await page.selectOption("#category", "OTHER");
  await page.click("button:text-is('Hide')");
  assert.match(await page.textContent("[role=alert]"), /ends before it begins/);
  await page.goto(base + address);
  await page.fill("#from", "0:01");
  await page.fill("#until", "0:01.5");
  await page.selectOption("#category", "OTHER");
  await page.click("button:text-is('Hide')");
  assert.match(await page.textContent(".requests"), /0:01.0–0:01.5.*Other.*Another privacy officer must agree/s);
  await look("held-call-by-hand", { narrow: false });
});

step("an officer's other pages", async () => {
  for (const [name, address] of [["dashboard", "/dashboard"], ["retention", "/retention"], ["access", "/access/reports/access"], ["exposure", "/access/exposure"]]) {
    assert.equal(await status(address), 200, address);
    await look(name);
  }
  await page.goto(`${base}/retention${marked.path.replace("/calls", "")}`);
  await look("retention-call", { narrow: false });
  await page.click("text=Who may hear this call");
  await page.waitForURL(/\/access\/calls\//);
  assert.match(await page.textContent("tr:has-text('qa-lead')"), /view play download/);
  await look("who");
});

step("other roles see no call", async (browser, first) => {
  for (const name of ["auditor", "admin"]) {
    await signIn(browser, name, first[name]);
    assert.equal(await status("/calls"), 403, name);
    assert.ok([403, 404].includes(await status(call)), name);
    for (const [shot, address] of name === "admin" ? [["users", "/users"]] : [["audit", "/audit"], ["by-user", "/audit/reports/users"], ["disclosures", "/audit/reports/disclosures"]]) {
      assert.equal(await status(address), 200, address);
      await look(shot);
    }
  }
});

async function main() {
  if (shots) fs.mkdirSync(shots, { recursive: true });
  const first = prepare();
  const served = await serve();
  base = served.base;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
  try {
    for (const [name, what] of steps) {
      await what(browser, first).catch(async (error) => {
        const picture = path.join(os.tmpdir(), "sordino-page-failed.png");
        await page?.screenshot({ path: picture }).catch(() => {});
        error.message = `${name}: ${error.message}\nat ${page?.url()}, picture ${picture}\n${messages.join("\n")}\n${served.told().split("\n").slice(-5).join("\n")}`;
        throw error;
      });
      console.log(`ok  ${name}`);
    }
    assert.deepEqual(violations, [], "accessibility");
    assert.deepEqual(messages.filter((text) => !/status of (40[0134]|422)/.test(text)), [], "errors in the browser");
    console.log(`ok  axe-core finds nothing on any page`);
  } finally {
    await browser.close();
    served.server.removeAllListeners("exit");
    served.server.kill();
    fs.rmSync(work, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error.message ?? error);
  process.exitCode = 1;
});

// Signing in at a provider as people do it: a real browser, the real program, a real OpenID Connect provider in a process of
// its own.
//
//     scripts/browser [FOLDER FOR SCREENSHOTS]

const assert = require("node:assert/strict");
const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const { chromium } = require("playwright-core");
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [program, shots] = process.argv.slice(2);
const root = path.resolve(__dirname, "../..");
const work = fs.mkdtempSync(path.join(os.tmpdir(), "sordino-sign-in-"));
const dest = path.join(work, "redacted");
const env = { ...process.env, SORDINO_STATE_DIR: path.join(work, "state"), SORDINO_CALL_ID_KEY: "0123456789abcdef0123456789abcdef",
  SORDINO_OIDC_CLIENT_SECRET: "a secret of the two", SORDINO_OIDC_NAME: "Example ID" };
const ARGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage".split(" ");

const run = (...args) => execFileSync(program, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const log = () => run("audit", "search", dest, "--json").trim().split("\n").map((line) => JSON.parse(line));
const children = [];

// Starts a process; resolves with what `wanted` finds in a line that it prints.
function start(command, args, stream, wanted, more = {}) {
  const child = spawn(command, args, { env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let told = "";
  child[stream === "stdout" ? "stderr" : "stdout"].on("data", (text) => (told += text));
  return new Promise((resolve, reject) => {
    readline.createInterface({ input: child[stream] }).on("line", (line) => {
      told += line + "\n";
      const found = wanted(line);
      if (found) resolve({ child, found });
    });
    child.on("exit", (code) => reject(new Error(`${command} ended with ${code}: ${told}`)));
  });
}

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

async function main() {
  run("redact", path.join(root, "fixtures/calls"), dest);
  run("users", "add", dest, "lead", "--role", "qa-lead", "--email", "lead@EXAMPLE.org");
  const password = run("users", "add", dest, "root.admin", "--role", "admin").trim().split(" ").pop();
  const base = `http://127.0.0.1:${await freePort()}`;
  const provider = await start(process.execPath, [path.join(__dirname, "provider.mjs"), `${base}/sign-in/callback`], "stdout", (line) => line.startsWith("http") && line);
  await start(program, ["serve", dest, "--listen", base.slice(7), "--public-url", base, "--oidc-issuer", provider.found, "--oidc-client-id", "sordino"],
    "stderr", (line) => /listening/.test(line));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
  let page;

  // A new browser that goes to a page, from there to the provider, and signs in; `before` sees it on the way.
  async function signIn(account, to = "/calls", before = async () => {}) {
    const context = await browser.newContext();
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(base + to);
    await page.click("text=Sign in with Example ID");
    await page.waitForURL(`${provider.found}/**`);
    await page.fill("[name=login]", account);
    await page.fill("[name=password]", "any");
    await page.click("[type=submit]");
    await page.waitForSelector("text=Continue");
    await before(context);
    await page.click("[type=submit]");
    await page.waitForURL(`${base}/**`);
    return context;
  }

  const steps = {
    "the page offers the provider and the password": async () => {
      page = await browser.newPage();
      await page.goto(`${base}/sign-in`);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => axe.run());
      assert.deepEqual(violations.map((v) => v.id), []);
      assert.equal(await page.locator("#password").count(), 1);
      if (shots) await page.screenshot({ path: path.join(shots, "sign-in-provider.png") });
    },
    "a lead signs in at the provider and comes back to what was asked for": async () => {
      await signIn("lead", "/calls?team=north");
      await page.waitForURL(`${base}/calls?team=north`);
      await page.waitForSelector("h1:has-text('Calls')");
      assert.match(await page.textContent("header"), /lead, qa lead/);
      const cookies = (await page.context().cookies(base)).filter((cookie) => cookie.name.startsWith("sordino"));
      assert.deepEqual(cookies.map((c) => [c.name, c.sameSite, c.httpOnly]), [["sordino", "Strict", true]], "nothing of the sign-in is left");
      assert.equal((await page.goto(`${base}/password`)).status(), 403, "there is no password to change");
      const entries = log().filter((entry) => entry.user === "lead");
      assert.deepEqual(entries.slice(0, 2).map((e) => [e.what, e.outcome, e.why]), [["change-user", "allowed", "provider"], ["sign-in", "allowed", undefined]]);
    },
    "a link on another site leads to the page, for whoever is signed in": async () => {
      for (const [before, wanted] of [[async () => {}, `${base}/calls?team=north`], [() => page.context().clearCookies({ name: "sordino" }), /\/sign-in\?next=/]]) {
        await before();
        await page.goto(`${provider.found}/.well-known/openid-configuration`);
        await page.evaluate((to) => { location.href = to; }, `${base}/calls?team=north`);
        await page.waitForURL(wanted);
        await page.waitForSelector("h1");
      }
      await signIn("lead");
      await page.waitForSelector("h1:has-text('Calls')");
    },
    "who signs out is signed out of the provider, too": async () => {
      await page.click("text=Sign out");
      await page.waitForSelector("h1:has-text('Signed out')");
      await page.evaluate(AXE);
      assert.deepEqual((await page.evaluate(() => axe.run())).violations.map((v) => v.id), []);
      if (shots) await page.screenshot({ path: path.join(shots, "signed-out.png") });
      await page.click("text=Sign out of Example ID");
      await page.waitForURL(`${provider.found}/**`);
      await page.click("[name=logout]");
      await page.waitForURL(`${base}/sign-in`);
      await page.click("text=Sign in with Example ID");
      await page.waitForSelector("[name=login]");
    },
    "a stranger and one whose address is not verified are told the same": async () => {
      const told = [];
      for (const account of ["stranger", "unverified"]) {
        await signIn(account);
        told.push(await page.textContent("main"));
        assert.match(told[0], /You were not signed in/);
        assert.equal((await page.context().cookies(base)).length, 0);
        assert.equal((await page.goto(`${base}/calls`)).url().includes("/sign-in"), true);
        assert.equal(log().at(-1).why, "unknown-user");
      }
      assert.equal(told[0], told[1]);
    },
    "a code is taken once, and in the browser that asked for it": async () => {
      let secret, callback;
      await signIn("lead", "/calls", async (context) => {
        secret = (await context.cookies(base)).find((cookie) => cookie.name === "sordino-sign-in");
        page.on("request", (request) => (callback = request.url().includes("/callback") ? request.url() : callback));
      });
      await page.waitForSelector("h1:has-text('Calls')");
      assert.deepEqual([secret.sameSite, secret.httpOnly], ["Lax", true]);
      const again = async (cookie) => (await fetch(callback, { headers: cookie ? { cookie } : {} })).status;
      assert.equal(await again(), 401);
      assert.equal(log().at(-1).why, "not-begun");
      assert.equal(await again(`sordino-sign-in=${secret.value}`), 401);
      assert.equal(log().at(-1).why, "provider-refused");
    },
    "the provider changes its key and users come in": async () => {
      provider.child.kill("SIGUSR2");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await signIn("lead");
      await page.waitForSelector("h1:has-text('Calls')");
    },
    "whoever declines at the provider comes back to the page": async () => {
      page = await (await browser.newContext()).newPage();
      await page.goto(base);
      await page.click("text=Sign in with Example ID");
      await page.click("text=Cancel");
      await page.waitForURL(`${base}/**`);
      assert.match(await page.textContent("[role=alert]"), /You were not signed in/);
    },
    "the provider is down: users are told, and whoever has a password comes in": async () => {
      provider.child.removeAllListeners("exit");
      provider.child.kill();
      await new Promise((resolve) => provider.child.once("close", resolve));
      page = await (await browser.newContext()).newPage();
      await page.goto(`${base}/calls`);
      const answer = page.waitForResponse((response) => response.url().includes("/sign-in/provider"));
      await page.click("text=Sign in with Example ID");
      assert.equal((await answer).status(), 503);
      assert.match(await page.textContent("[role=alert]"), /does not answer/);
      await page.fill("#name", "root.admin");
      await page.fill("#password", password);
      await page.press("#password", "Enter");
      await page.waitForURL(/\/password$/);
    },
  };

  try {
    for (const [name, step] of Object.entries(steps)) {
      await step().catch(async (error) => {
        error.message = `${name}: ${error.message}\nat ${page?.url()}\n${await page?.textContent("body").catch(() => "")}`;
        throw error;
      });
      console.log(`ok  ${name}`);
    }
  } finally {
    await browser.close();
    for (const child of children) child.removeAllListeners("exit").kill();
    fs.rmSync(work, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error.message ?? error);
  process.exitCode = 1;
  for (const child of children) child.removeAllListeners("exit").kill();
});

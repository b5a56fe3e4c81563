// A real OpenID Connect provider (oidc-provider, certified) for tests, on a free local port:
//
//     node provider.mjs CALLBACK-URL
//
// Prints its issuer once it listens. Anybody signs in by typing an account's name, with any password; its claims are below.
// On SIGUSR2 it signs with a new key from then on.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

// From the folder where the packages of the tests are installed.
const { default: Provider } = await import(createRequire(process.env.NODE_PATH + "/").resolve("oidc-provider"));

const ACCOUNTS = {
  lead: { email: "Lead@example.org", email_verified: true, groups: ["QA Leads"] },
  stranger: { email: "stranger@example.org", email_verified: true, groups: [] },
  unverified: { email: "lead@example.org", email_verified: false, groups: ["QA Leads"] },
};

let count = 0;
const newKey = () => ({ ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), kid: `key-${++count}`, use: "sig", alg: "RS256" });
const keys = [newKey()];

const configuration = () => ({
  clients: [{ client_id: "sordino", client_secret: "a secret of the two", redirect_uris: [process.argv[2]], post_logout_redirect_uris: [new URL("/sign-in", process.argv[2]).href], grant_types: ["authorization_code"], response_types: ["code"] }],
  findAccount: (_, id) => ACCOUNTS[id] && { accountId: id, claims: () => ({ sub: `id-of-${id}`, ...ACCOUNTS[id] }) },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["groups"] },
  pkce: { required: () => true },
  jwks: { keys },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true } },
});

const server = createServer((request, response) => handle(request, response));
let handle;
server.listen(0, "localhost", () => {
  // By another name than the page: to a browser it is another site.
  const issuer = `http://localhost:${server.address().port}`;
  const begin = () => { handle = new Provider(issuer, configuration()).callback(); };
  begin();
  process.on("SIGUSR2", () => { keys.unshift(newKey()); keys.length = 1; begin(); });
  console.log(issuer);
});

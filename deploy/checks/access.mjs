// Reads simulations from standard input, a JSON array; prints what comes of each, a JSON array.
// NODE_PATH does not hold for modules, so the simulator's folder is the argument.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const require = createRequire(pathToFileURL(`${process.argv[2]}/`));
const { runSimulation } = require("@cloud-copilot/iam-simulate");

const outcomes = [];
for (const simulation of JSON.parse(readFileSync(0, "utf8"))) {
  const { overallResult, result, errors } = await runSimulation(simulation, {});
  outcomes.push({ result: overallResult, ignored: result?.ignoredContextKeys ?? [], errors: errors ?? null });
}
console.log(JSON.stringify(outcomes));

// Runs a command beside a stand-in for language models that is not ours: npm's @copilotkit/aimock. `make aimock`.
// The command finds its address in FRONTDESK_AIMOCK; src/tests/aimock.rs says what each question is to come to.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , modules, program, ...args] = process.argv;
const { LLMock } = await import(pathToFileURL(join(modules, "@copilotkit/aimock/dist/index.js")));

const mock = new LLMock({ port: 0, chunkSize: 5 });
mock.onMessage(/breakfast/i, { content: "It is served with a view of the lake. [1]" });
mock.onMessage(/towels/i, {
  toolCalls: [{ name: "create_request", arguments: '{"department":"housekeeping","text":"two towels"}' }],
});
mock.onMessage(/sauna/i, { toolCalls: [{ name: "hand_over", arguments: '{"reason":"booking"}' }] });
mock.onMessage(/parking/i, { error: { message: "overloaded", type: "server_error" }, status: 503 });
mock.onMessage(/luggage/i, { error: { message: "slow down", type: "rate_limit_error" }, status: 429 });
mock.onMessage(/pool/i, { content: "You can swim there the whole day long. [1]" }, { truncateAfterChunks: 4 });
await mock.start();

const env = { ...process.env, FRONTDESK_AIMOCK: `${mock.url}/v1` };
const child = spawn(program, args, { env, stdio: "inherit" });
const code = await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
console.log(`aimock: ${mock.getRequests().length} requests`);
await mock.stop();
process.exit(code);

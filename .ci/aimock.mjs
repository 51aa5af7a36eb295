// Our client of language models against a stand-in that is not ours: npm's @copilotkit/aimock. `make aimock`.
// A streamed answer, a call of a tool, an error, and a stream that is cut: each asked once, each judged.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pathToFileURL } from "node:url";

const [, , modules, program] = process.argv;
const { LLMock } = await import(pathToFileURL(join(modules, "@copilotkit/aimock/dist/index.js")));

const mock = new LLMock({ port: 0, chunkSize: 5 });
mock.onMessage(/breakfast/i, { content: "It is served in the hall. [1]" });
mock.onMessage(/manager/i, { toolCalls: [{ name: "hand_over", arguments: '{"reason":"asked_for_person"}' }] });
mock.onMessage(/sauna/i, { error: { message: "overloaded", type: "server_error" }, status: 503 });
mock.onMessage(/pool/i, { content: "It is open all the day long. [1]" }, { truncateAfterChunks: 3 });
await mock.start();

const folder = mkdtempSync(join(tmpdir(), "frontdesk-aimock-"));
try {
  const knowledge = join(folder, "kb.json");
  const questions = join(folder, "questions.jsonl");
  writeFileSync(knowledge, JSON.stringify([{ question: "Where is breakfast?", answer: "It is served in the hall." }]));
  const asked = [
    ["answer", "Where is breakfast?"],
    ["tool", "I want to talk to the manager."],
    ["error", "Where is the sauna?"],
    ["cut", "Where is the pool?"],
  ];
  writeFileSync(questions, asked.map(([id, text]) => JSON.stringify({ id, text })).join("\n"));
  const env = {
    PATH: process.env.PATH,
    FRONTDESK_DATA_DIR: folder,
    OPENAI_BASE_URL: `${mock.url}/v1`,
    OPENAI_API_KEY: "none",
    OPENAI_MODEL: "gpt-4o-mini",
  };
  const args = ["rehearse", questions, "--kb", knowledge, "--json"];
  const { stdout } = await promisify(execFile)(program, args, { env });
  const answers = Object.fromEntries(JSON.parse(stdout).answers.map((answer) => [answer.id, answer]));
  assert.equal(answers.answer.outcome, "said", stdout);
  assert.equal(answers.answer.text, "It is served in the hall.");
  assert.deepEqual(answers.answer.sources, ["Where is breakfast?"]);
  assert.equal(answers.tool.outcome, "handed_over", stdout);
  assert.equal(answers.tool.reason, "asked_for_person");
  assert.deepEqual([answers.error.outcome, answers.error.reason, answers.error.text], ["failed", "server_error", ""]);
  assert.equal(answers.cut.outcome, "failed", "half a stream is not an answer");
  console.log(`aimock: ${asked.length} asked, ${mock.getRequests().length} requests, all as they should be`);
} finally {
  rmSync(folder, { recursive: true });
  await mock.stop();
}

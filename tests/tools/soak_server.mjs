// Soaks a server: node soak_server.mjs WAN [jobs] [listeners]
// Asks for small videos, most of which are in the cache, while listeners of server-sent events come and vanish, uploads break off and
// videos are deleted. Prints memory, handles and threads of the server along the way as JSON; exit code 1 if they keep growing or work is
// lost.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [wan, jobs = "20000", listeners = "50"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "wan-soak-"));
const child = spawn(wan, ["serve", "--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--threads", "1", "--format", "webp"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, WAN_CACHE: join(folder, "cache") },
});
const base = await new Promise((resume, fail) => {
    let text = "";
    child.stdout.on("data", (part) => {
        text += part;
        const found = /Listening at (\S+)/.exec(text);
        if (found) {
            resume(new URL(found[1]));
        }
    });
    child.on("exit", (code) => fail(new Error(`the server ended with ${code}`)));
});
const sleep = (ms) => new Promise((resume) => setTimeout(resume, ms));
const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

function ask(method, path, body) {
    return new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers = text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
        const request = http.request(new URL(path, base), { method, agent, headers }, (answer) => {
            const parts = [];
            answer.on("data", (part) => parts.push(part));
            answer.on("end", () => resolve({ status: answer.statusCode, body: JSON.parse(Buffer.concat(parts)) }));
        });
        request.on("error", reject);
        request.end(text);
    });
}

/** A kept connection may be closed by the server while a request is on its way: then it is sent again. */
async function call(method, path, body) {
    for (let i = 0; ; i++) {
        try {
            return await ask(method, path, body);
        } catch (error) {
            if (i === 3 || error.code !== "ECONNRESET") {
                throw error;
            }
        }
    }
}

let isOver = false;
let heard = 0;
let vanished = 0;

/** Listens, and goes without a word after a while, again and again. */
async function listen(i) {
    while (!isOver) {
        await new Promise((resume) => {
            const request = http.request(new URL("/v1/events", base), { agent: false }, (answer) =>
                answer.on("data", () => heard++),
            );
            request.on("error", resume);
            request.on("close", resume);
            request.end();
            setTimeout(
                () => {
                    vanished++;
                    request.destroy();
                },
                2000 + 397 * (i % 20),
            );
        });
    }
}

/** Sends half of an upload, and goes. */
async function breakOff() {
    while (!isOver) {
        await new Promise((resume) => {
            const socket = connect(Number(base.port), base.hostname, () => {
                socket.write("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
                socket.write("Content-Length: 5000\r\n\r\n{");
                setTimeout(() => socket.destroy(), 50);
            });
            socket.on("close", resume);
            socket.on("error", resume);
        });
        await sleep(200);
    }
}

const samples = [];
function sample(done) {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    const number = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)[1]);
    samples.push({
        done,
        private_mb: Math.round(number("RssAnon") / 1024),
        handles: readdirSync(`/proc/${child.pid}/fd`).length,
        threads: number("Threads"),
    });
    console.error(JSON.stringify(samples.at(-1)));
}

const crowd = [...Array.from({ length: Number(listeners) }, (_, i) => listen(i)), breakOff()];
const statuses = {};
let asked = 0;
let deleted = 0;
async function client() {
    while (asked < Number(jobs)) {
        const i = asked++;
        // one of 50 is new, the others are in the cache by then
        const request = { prompt: `a red circle ${Math.floor(i / 50)}`, num_frames: 5, steps: 1 };
        const { status, body } = await call("POST", "/v1/videos", request);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === 429) {
            asked--;
            await sleep(500);
        } else if (i % 10 === 0) {
            const answer = await call("DELETE", `/v1/videos/${body.id}`);
            deleted += answer.status === 200 ? 1 : 0; // after the wait: others count meanwhile
        }
        if (i % Math.max(1, Math.floor(Number(jobs) / 20)) === 0) {
            sample(i);
        }
    }
}

await Promise.all(Array.from({ length: 8 }, client));
for (;;) {
    const { body } = await call("GET", "/v1/queue");
    if (body.queued + body.in_progress === 0) {
        break;
    }
    await sleep(500);
}
isOver = true;
await Promise.all(crowd);
agent.destroy();
await sleep(3000);
sample(Number(jobs));
const { body: queue } = await call("GET", "/v1/queue");
agent.destroy();

// after a third of the jobs everything is warm: from there on nothing may grow for each job
const warm = samples.slice(Math.floor(samples.length / 3), -1);
const [first, last] = [warm[0], samples.at(-1)];
const problems = [];
if (last.private_mb > 1.25 * first.private_mb + 32) {
    problems.push(`private memory grew from ${first.private_mb} to ${last.private_mb} MB`);
}
if (last.handles > first.handles + 20) {
    problems.push(`handles grew from ${first.handles} to ${last.handles}`);
}
if (queue.failed > 0 || queue.completed + deleted < Number(jobs)) {
    problems.push(`${queue.completed} completed, ${queue.failed} failed, ${deleted} deleted of ${jobs}`);
}
const asks = { jobs: Number(jobs), listeners: Number(listeners), statuses };
console.log(JSON.stringify({ ...asks, deleted, vanished, heard, queue, samples, problems }));
const gone = new Promise((resume) => child.on("exit", resume));
child.kill("SIGTERM");
await gone;
rmSync(folder, { recursive: true, force: true });
process.exit(problems.length === 0 ? 0 : 1);

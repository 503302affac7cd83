// Ends a server with SIGKILL at random moments under load, starts it again, and checks what it promised:
//   node kill_server.mjs WAN [kills] [seed]
// Every video that was accepted and not deleted is there in the end, with the bytes that a server which was never killed makes; what was
// deleted stays deleted; of each webhook message at least one comes. Prints what it saw as JSON; exit code 1 if a promise is broken.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [wan, kills = "100", seed = "1"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "wan-kill-"));
let state = Number(seed) >>> 0;
const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
};
const sleep = (ms) => new Promise((resume) => setTimeout(resume, ms));

const told = new Map();
const listener = http.createServer((request, answer) => {
    let text = "";
    request.on("data", (part) => (text += part));
    request.on("end", () => {
        const id = request.headers["webhook-id"];
        told.set(id, { times: (told.get(id)?.times ?? 0) + 1, video: JSON.parse(text).data.id, type: JSON.parse(text).type });
        answer.statusCode = random() < 0.2 ? 503 : 200;
        answer.end();
    });
});
await new Promise((resume) => listener.listen(0, "127.0.0.1", resume));
const hook = `http://127.0.0.1:${listener.address().port}/`;

async function start(data, ...more) {
    const child = spawn(wan, ["serve", "--listen", "127.0.0.1:0", "--data", data, "--threads", "1", "--format", "webp", ...more], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, WAN_CACHE: join(folder, "cache") },
    });
    let errors = "";
    child.stderr.on("data", (part) => (errors += part));
    const base = await new Promise((resume, fail) => {
        let text = "";
        child.stdout.on("data", (part) => {
            text += part;
            const found = /Listening at (\S+)/.exec(text);
            if (found) {
                resume(found[1].replace(/\/$/, ""));
            }
        });
        child.on("exit", (code) => fail(new Error(`the server ended with ${code}: ${errors}`)));
    });
    return { child, base };
}

async function call(base, method, path, body) {
    const answer = await fetch(base + path, {
        method,
        headers: body ? { "content-type": "application/json" } : {},
        body: body ? JSON.stringify(body) : undefined,
    });
    return { status: answer.status, body: await answer.json() };
}

const accepted = new Map(); // id → what was asked for
const deleted = new Set();
const doubtful = new Set(); // deletes whose answer did not come
const request = (n) => ({ prompt: `a red circle ${n % 7}`, seed: n, num_frames: 5, steps: 3, cache: false });
let n = 0;

async function load(base, isOver) {
    while (!isOver()) {
        const wanted = request(n++);
        try {
            const { status, body } = await call(base, "POST", "/v1/videos", wanted);
            if (status === 200) {
                accepted.set(body.id, wanted);
            }
            if (random() < 0.2 && accepted.size > 0) {
                const victim = [...accepted.keys()][Math.floor(random() * accepted.size)];
                doubtful.add(victim);
                if ((await call(base, "DELETE", `/v1/videos/${victim}`)).status === 200) {
                    deleted.add(victim);
                }
                doubtful.delete(victim);
            }
        } catch {
            return; // killed
        }
        await sleep(60 + random() * 200);
    }
}

let starts = 0;
for (let i = 0; i < Number(kills); i++) {
    const { child, base } = await start(join(folder, "data"), "--webhook", hook);
    starts++;
    let isOver = false;
    const before = accepted.size;
    const work = load(base, () => isOver);
    const waits = random() < 0.9; // for work that is accepted; now and then it is killed while it starts
    for (let k = 0; waits && accepted.size === before && k < 3000; k++) {
        await sleep(20);
    }
    await sleep(20 + random() * 1500);
    child.kill("SIGKILL");
    isOver = true;
    await work;
}

const { child, base } = await start(join(folder, "data"), "--webhook", hook);
for (;;) {
    const { body } = await call(base, "GET", "/v1/queue");
    if (body.queued + body.in_progress === 0) {
        break;
    }
    await sleep(200);
}
const problems = accepted.size > 0 ? [] : ["nothing was accepted, so nothing is proved: the machine is too busy, or the server refuses"];
const made = [];
for (const [id, wanted] of accepted) {
    const { status, body } = await call(base, "GET", `/v1/videos/${id}`);
    if (deleted.has(id)) {
        if (status !== 404) {
            problems.push(`${id} was deleted and is there`);
        }
    } else if (status === 404) {
        if (!doubtful.has(id)) {
            problems.push(`${id} was accepted and is lost`);
        }
    } else if (body.status !== "completed") {
        problems.push(`${id} is ${body.status}: ${body.error?.message}`);
    } else {
        made.push({ id, wanted, sha256: body.sha256 });
    }
}
for (let i = 0; i < 300 && made.some(({ id }) => ![...told.values()].some((one) => one.video === id)); i++) {
    await sleep(200); // messages that were refused are sent again after 5 seconds
}
for (const { id } of made) {
    if (![...told.values()].some((one) => one.video === id && one.type === "video.completed")) {
        problems.push(`nobody was told of ${id}`);
    }
}
const gone = new Promise((resume) => child.on("exit", resume));
child.kill("SIGINT");
await gone;
const clean = await start(join(folder, "clean"));
let compared = 0;
for (const { id, wanted, sha256 } of made.slice(0, 40)) {
    const { body } = await call(clean.base, "POST", "/v1/videos", wanted);
    let video = body;
    while (video.status !== "completed" && video.status !== "failed") {
        await sleep(50);
        video = (await call(clean.base, "GET", `/v1/videos/${body.id}`)).body;
    }
    compared++;
    if (video.sha256 !== sha256) {
        problems.push(`${id} has other bytes than without a kill`);
    }
}
clean.child.kill("SIGINT");
listener.close();
console.log(
    JSON.stringify({
        kills: Number(kills),
        accepted: accepted.size,
        deleted: deleted.size,
        completed: made.length,
        compared,
        messages: told.size,
        repeated: [...told.values()].filter((one) => one.times > 1).length,
        problems,
    }),
);
rmSync(folder, { recursive: true, force: true });
process.exit(problems.length === 0 ? 0 : 1);

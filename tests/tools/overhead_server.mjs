// What serving costs over a batch: node overhead_server.mjs WAN [jobs] [rounds]
// Makes the same jobs with `wan batch` and by asking a server for each of them, by turns, each time in new folders with the same
// calibration. Prints how long both took from the first job's start to the last one's end, the processor time of both (which tells
// more on a machine that has other work), and how long a clip of the cache takes from the request to its last byte.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [wan, jobs = "40", rounds = "3"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "wan-overhead-"));
const cache = join(folder, "cache");
const env = { ...process.env, WAN_CACHE: cache };
const requests = Array.from({ length: Number(jobs) }, (_, i) => ({ prompt: `a red circle ${i}`, seed: i, frames: 9, steps: 8 }));
const file = join(folder, "jobs.jsonl");
writeFileSync(file, requests.map((one) => JSON.stringify(one)).join("\n"));
const common = ["--threads", "1", "--format", "webp"];
const sleep = (ms) => new Promise((resume) => setTimeout(resume, ms));
const forget = () => rmSync(join(cache, "results"), { recursive: true, force: true });
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

async function start(data) {
    const child = spawn(wan, ["serve", "--listen", "127.0.0.1:0", "--data", data, ...common], {
        stdio: ["ignore", "pipe", "inherit"],
        env,
    });
    const base = await new Promise((resume, fail) => {
        child.stdout.on("data", (part) => {
            const found = /Listening at (\S+)/.exec(String(part));
            if (found) {
                resume(found[1].replace(/\/$/, ""));
            }
        });
        child.on("exit", (code) => fail(new Error(`the server ended with ${code}`)));
    });
    return { base, pid: child.pid, stop: () => new Promise((resume) => child.on("exit", resume) && child.kill("SIGTERM")) };
}

async function call(base, method, path, body) {
    const answer = await fetch(base + path, {
        method,
        headers: body ? { "content-type": "application/json" } : {},
        body: body ? JSON.stringify(body) : undefined,
    });
    if (!answer.ok) {
        throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    }
    return answer.json();
}

/** Seconds of processor time that a process has had; null for one that has ended. */
function spent(pid) {
    try {
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
        return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
        return null;
    }
}

/** The seconds from the start of the first job to the end of the last, by the batch's own report. */
async function batch(i) {
    const out = join(folder, `batch-${i}`);
    const child = spawn(wan, ["batch", file, "-o", out, ...common], { env, stdio: ["ignore", "ignore", "ignore"] });
    let cpu = 0;
    const clock = setInterval(() => (cpu = Math.max(cpu, spent(child.pid) ?? 0)), 50);
    const code = await new Promise((resume) => child.on("exit", resume));
    clearInterval(clock);
    if (code !== 0) {
        throw new Error(`wan batch ended with ${code}`);
    }
    const all = JSON.parse(readFileSync(join(out, "report.json"), "utf8")).jobs;
    const starts = all.map((one) => Date.parse(one.started_at));
    const seconds = (Math.max(...all.map((one, k) => starts[k] + 1000 * one.seconds)) - Math.min(...starts)) / 1000;
    return { seconds, cpu };
}

async function serve(i) {
    const { base, stop, pid } = await start(join(folder, `serve-${i}`));
    await call(base, "POST", "/v1/queue/pause", {});
    for (const one of requests) {
        await call(base, "POST", "/v1/videos", one);
    }
    const begun = performance.now();
    await call(base, "POST", "/v1/queue/resume", {});
    for (;;) {
        const queue = await call(base, "GET", "/v1/queue");
        if (queue.completed === requests.length) {
            break;
        }
        if (queue.failed > 0) {
            throw new Error(`${queue.failed} failed`);
        }
        await sleep(200);
    }
    const seconds = (performance.now() - begun) / 1000;
    const cpu = spent(pid);
    const times = [];
    for (let k = 0; k < 100; k++) {
        const asked = performance.now();
        let video = await call(base, "POST", "/v1/videos", requests[k % requests.length]);
        while (video.status !== "completed") {
            video = await call(base, "GET", `/v1/videos/${video.id}`);
        }
        await (await fetch(`${base}/v1/videos/${video.id}/content`)).arrayBuffer();
        times.push(performance.now() - asked);
    }
    await stop();
    return { seconds, cpu, cached: median(times.slice(20)) };
}

const measured = { batch_seconds: [], serve_seconds: [], batch_cpu: [], serve_cpu: [], cached_ms: [] };
for (let i = 0; i <= Number(rounds); i++) {
    forget();
    const one = await batch(i);
    forget();
    const other = await serve(i);
    if (i > 0) {
        measured.batch_seconds.push(one.seconds);
        measured.serve_seconds.push(other.seconds);
        measured.batch_cpu.push(one.cpu);
        measured.serve_cpu.push(other.cpu);
        measured.cached_ms.push(other.cached);
    }
}
const percent = (serving, alone) => Number((100 * (median(serving) / median(alone) - 1)).toFixed(1));
console.log(
    JSON.stringify({
        jobs: Number(jobs),
        ...measured,
        overhead_percent: percent(measured.serve_seconds, measured.batch_seconds),
        overhead_cpu_percent: percent(measured.serve_cpu, measured.batch_cpu),
    }),
);
rmSync(folder, { recursive: true, force: true });

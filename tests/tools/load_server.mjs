// Measures a server that runs and whose queue is paused: node load_server.mjs http://127.0.0.1:8000 [queued] [per second] [seconds]
// Fills the queue, asks for videos at a steady rate, and prints how long answers took from when each request was due.
import http from "node:http";

const [base, queued = "10000", rate = "200", length = "15"] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });

function send(method, path, body) {
    return new Promise((resolve, reject) => {
        const text = body === undefined ? undefined : JSON.stringify(body);
        const headers = text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
        const request = http.request(base + path, { method, agent, headers }, (answer) => {
            const parts = [];
            answer.on("data", (part) => parts.push(part));
            answer.on("end", () => resolve({ status: answer.statusCode, body: Buffer.concat(parts) }));
        });
        request.on("error", reject);
        request.end(text);
    });
}

function quantile(sorted, share) {
    return Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2));
}

const video = (prompt) => ({ prompt, num_frames: 5, steps: 2 });
await send("POST", "/v1/queue/pause", {});
await send("POST", "/v1/videos", video("warm"));
const count = JSON.parse((await send("GET", "/v1/queue")).body).queued;
for (let i = count; i < Number(queued); i += 500) {
    const prompts = Array.from({ length: Math.min(500, Number(queued) - i) }, (_, k) => `a circle ${i + k}`).join("\n");
    const { status, body } = await send("POST", "/v1/videos/batches", { prompts, steps: 2, frames: 5 });
    if (status !== 200) {
        throw new Error(`${status} ${body}`);
    }
}
const times = [];
const statuses = {};
const start = performance.now();
const total = Number(rate) * Number(length);
await Promise.all(
    Array.from({ length: total }, async (_, i) => {
        const due = start + (1000 * i) / Number(rate);
        await new Promise((resume) => setTimeout(resume, Math.max(0, due - performance.now())));
        const { status } = await send("POST", "/v1/videos", video(`a square ${process.pid} ${i}`));
        times.push(performance.now() - due);
        statuses[status] = (statuses[status] ?? 0) + 1;
    }),
);
times.sort((a, b) => a - b);
const seconds = (performance.now() - start) / 1000;
console.log(
    JSON.stringify({
        queued: Number(queued),
        asked: total,
        per_second: Number((total / seconds).toFixed(1)),
        statuses,
        ms: { p50: quantile(times, 0.5), p90: quantile(times, 0.9), p99: quantile(times, 0.99), most: quantile(times, 1) },
    }),
);
agent.destroy();

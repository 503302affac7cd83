// Puts the packages of package-lock.json into node_modules: beside it first, then with one rename, so that a build
// never sees half of them and two builds at once do not disturb each other (the first wins, the second discards).
import { execSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const installed = join(folder, "node_modules");
const isCurrent = () => {
  const record = join(installed, ".package-lock.json"); // npm writes it last
  return existsSync(record) && statSync(record).mtimeMs >= statSync(join(folder, "package-lock.json")).mtimeMs;
};

if (!isCurrent()) {
  const staging = mkdtempSync(join(folder, ".staging-"));
  try {
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) copyFileSync(join(folder, file), join(staging, file));
    execSync("npm ci --ignore-scripts --no-audit --no-fund --loglevel=error", { cwd: staging, stdio: "inherit" });
    makeFfmpegExecutable(join(staging, "node_modules", "@ffmpeg-installer"));
    replaceInstalled(staging);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

// The package's own install script would do it, but scripts of packages are not run.
function makeFfmpegExecutable(packages) {
  for (const name of readdirSync(packages)) {
    const binary = join(packages, name, "ffmpeg");
    if (existsSync(binary)) chmodSync(binary, 0o755);
  }
}

function replaceInstalled(staging) {
  try {
    if (existsSync(installed) && !isCurrent()) renameSync(installed, join(staging, "replaced"));
    renameSync(join(staging, "node_modules"), installed);
  } catch (error) {
    if (!isCurrent()) throw error; // otherwise another build was faster
  }
}

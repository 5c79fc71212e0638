// Uploads the same file in several ways with tus-js-client. Arguments: endpoint, host, cookies, form token, file.
import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";

const tus = createRequire(import.meta.url)(process.env.PORTICO_TUS_CLIENT);
const [endpoint, host, cookies, token, file] = process.argv.slice(2);
const uploadSize = statSync(file).size;

function upload(name, options = {}) {
  return new Promise((resolve, reject) => {
    const running = new tus.Upload(createReadStream(file), {
      endpoint,
      uploadSize,
      chunkSize: Number.POSITIVE_INFINITY,
      retryDelays: [200, 500, 1000, 2000],
      metadata: { filename: name },
      headers: { Host: host, Cookie: cookies, "X-CSRF-Token": token, Accept: "application/json" },
      onError: reject,
      onSuccess: () => resolve(running),
      ...options,
      onChunkComplete: options.onChunk ? (size, sent) => options.onChunk(running, sent, resolve) : undefined,
    });
    running.start();
  });
}

await upload("whole.pdf");
console.log("whole");
await upload("pieces.pdf", { chunkSize: 700_000 });
console.log("pieces");

const broken = await upload("resumed.pdf", {
  chunkSize: 1_000_000,
  onChunk: (running, sent, resolve) => { if (sent >= 1_000_000) { running.abort(); resolve(running); } },
});
await upload("resumed.pdf", { uploadUrl: broken.url, chunkSize: 1_000_000 });
console.log("resumed");

const unwanted = await upload("unwanted.pdf", {
  chunkSize: 500_000,
  onChunk: (running, sent, resolve) => { running.abort(true).then(() => resolve(running)); },
});
const told = await fetch(unwanted.url, { method: "HEAD", headers: { Cookie: cookies, "Tus-Resumable": "1.0.0" } }).catch(() => null);
if (told && told.status === 200) throw new Error("what was given up is still there");
console.log("given up");

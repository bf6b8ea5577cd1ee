import { parentPort, workerData } from "node:worker_threads";
import { hunt } from "./hunt.ts";

// One hunter of several: a thread of its own, since a world keeps its core busy.
const { firstSeed, stride, seconds } = workerData as { firstSeed: number; stride: number; seconds: number };
const caught = await hunt({ firstSeed, stride, until: performance.now() + seconds * 1000 });
const { failure, ...sums } = caught;
parentPort?.postMessage({ ...sums, failedSeed: failure?.seed });

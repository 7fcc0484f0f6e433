import { isProblem } from './errors.js';

/** How often one call waits, and the longest time that it waits for, in seconds. */
const maxWaits = 5;
const maxSeconds = 60;

/** Repeats a call that the server put off (429 or 503) when the server says that it may be repeated. */
export async function patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let waits = 0; ; waits++) {
    try {
      return await work();
    } catch (error) {
      const seconds = isProblem(error) && (error.status === 429 || error.status === 503) ? (error.retryAfter ?? 1) : Infinity;
      if (waits === maxWaits || seconds > maxSeconds) {
        throw error;
      }
      await pause(seconds, signal);
    }
  }
}

/** Waits, or rejects with the reason of the signal. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) {
      abort();
    }
  });
}

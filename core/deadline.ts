// Deadlines for awaits that leave the process. The timer is ref'd: AbortSignal.timeout() is not, and a process waiting on nothing else would exit 13.

/** A signal that aborts when the parent does or when the time is up; `clear` must be called when the work has ended. */
export interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

// The longest that a timer takes, 24 days: for anything longer it would fire at once.
const maxTimerMs = 2 ** 31 - 1;

/** Opens a deadline of so many milliseconds. The abort reason is a TimeoutError with this message, or the parent's reason. */
export function openDeadline(
  timeoutMs: number,
  parent?: AbortSignal,
  message = `no answer within ${timeoutMs} ms`,
): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort(parent?.reason);
  const timeOut = () => controller.abort(new DOMException(message, 'TimeoutError'));
  const timer = setTimeout(timeOut, Math.min(timeoutMs, maxTimerMs));
  if (parent?.aborted) abort();
  parent?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      parent?.removeEventListener('abort', abort);
    },
  };
}

/** A signal that aborts so many milliseconds after the parent has, for what must still be done when that says stop. */
export function openGrace(graceMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => controller.abort(parent.reason), graceMs);
  };
  if (parent.aborted) begin();
  parent.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      parent.removeEventListener('abort', begin);
    },
  };
}

/** Settles as the promise does, or rejects with the signal's reason, whichever is first. The promise itself is not stopped. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Races one promise after the other against a signal. */
export interface Race {
  /** As raceSignal does; of a promise that is still running when the next one starts, nothing is heard any more. */
  next<T>(promise: Promise<T>): Promise<T>;
  end(): void;
}

/** For promises by the thousand: one listener for all of them, as adding and removing one costs more than the await. */
export function openRace(signal: AbortSignal): Race {
  let rejectRunning: (reason: unknown) => void = () => undefined;
  const abort = () => rejectRunning(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return {
    next: (promise) =>
      new Promise((resolve, reject) => {
        rejectRunning = reject;
        if (signal.aborted) abort();
        promise.then(resolve, reject);
      }),
    end: () => signal.removeEventListener('abort', abort),
  };
}

/** Waits so many milliseconds, or rejects with the signal's reason. */
export function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(finish, delayMs);
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    function finish() {
      signal.removeEventListener('abort', abort);
      resolve();
    }
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

// A line on a terminal that tells how far the run is; it is rewritten in place and gone at the end.

/** Where the line goes. */
export interface Terminal {
  readonly columns: number;
  write(text: string): void;
}

export interface Progress {
  /** Records seen in the run so far, and where it is. */
  tell(at: { readonly records: number; readonly scope: string; readonly page: number }): void;
  /** Takes the line away; nothing is told after that. */
  end(): void;
}

const eraseLine = '\r\u001B[K';
const intervalMs = 100;

/** Writes at most ten times a second; without a terminal it writes nothing. `nowMs` is a monotonic clock. */
export function createProgress(terminal: Terminal | undefined, nowMs: () => number): Progress {
  if (terminal === undefined) return { tell: () => {}, end: () => {} };
  const startedMs = nowMs();
  let writtenMs = Number.NEGATIVE_INFINITY;
  let isEnded = false;
  return {
    tell({ records, scope, page }) {
      const now = nowMs();
      // A collector that hangs may go on telling when the run has long ended.
      if (isEnded || now - writtenMs < intervalMs) return;
      writtenMs = now;
      const perSecond = Math.round((records * 1000) / Math.max(1, now - startedMs));
      const line = `${scope}  ${records} records  ${perSecond}/s  page ${page}`;
      terminal.write(eraseLine + line.slice(0, Math.max(0, terminal.columns - 1)));
    },
    end() {
      if (!isEnded && writtenMs > Number.NEGATIVE_INFINITY) terminal.write(eraseLine);
      isEnded = true;
    },
  };
}

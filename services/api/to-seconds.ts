// A time as metrics tell it.

/** Seconds since 1970, or null where there is no time. */
export function toSeconds(time: string | null): number | null {
  return time === null ? null : Date.parse(time) / 1000;
}

// Loaded into a measured process before its program: prints its peak resident memory as it ends.
import { writeSync } from 'node:fs';

process.on('exit', () => writeSync(2, `\npeak_rss_kib=${process.resourceUsage().maxRSS}\n`));

// What is known of scopes, collectors and prunings as gauges: one series for each of them and each fact.
import { Gauge, type Registry } from 'prom-client';

/** Facts by the names of their metrics. A value that is not known is null and makes no sample: 0 would be a lie. */
export type Facts<Subject> = Readonly<Record<string, { help: string; value: (subject: Subject) => number | null }>>;

/** Of whom the facts are, and by which labels each is told from the others. */
export interface Subjects<Subject> {
  readonly all: readonly Subject[];
  readonly labelNames: readonly string[];
  labelsOf(subject: Subject): Record<string, string>;
}

/** Adds a gauge for each fact. */
export function addFacts<Subject>(registry: Registry, facts: Facts<Subject>, subjects: Subjects<Subject>): void {
  for (const [name, { help, value }] of Object.entries(facts)) {
    const gauge = new Gauge({ name, help, labelNames: [...subjects.labelNames], registers: [registry] });
    for (const subject of subjects.all) {
      const found = value(subject);
      if (found !== null) gauge.set(subjects.labelsOf(subject), found);
    }
  }
}

/** How the last of them ended, as a gauge with one label more. */
export interface Outcomes<Subject> {
  readonly name: string;
  readonly help: string;
  readonly label: string;
  readonly all: readonly string[];
  outcomeOf(subject: Subject): string | null;
}

/** Adds the gauge. One series for each outcome, so that a change of outcome ends none: `inventory_scope_outcome{outcome="failed"} == 1`. */
export function addOutcomes<Subject>(
  registry: Registry,
  { name, help, label, all, outcomeOf }: Outcomes<Subject>,
  subjects: Subjects<Subject>,
): void {
  const gauge = new Gauge({ name, help, labelNames: [...subjects.labelNames, label], registers: [registry] });
  for (const subject of subjects.all) {
    const found = outcomeOf(subject);
    if (found === null) continue;
    const labels = subjects.labelsOf(subject);
    for (const outcome of all) gauge.set({ ...labels, [label]: outcome }, found === outcome ? 1 : 0);
  }
}

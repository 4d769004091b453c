// The answers of Grafana's HTTP API, read leniently, for members come and go with versions, and narrowly: what is not named here is never stored.

import { z } from 'zod';
import { parseJson } from '#core/json.ts';

// Hidden values are empty there; longer than its database holds is none of Grafana's.
const textSchema = z.string().min(1).max(1000).optional().catch(undefined);

/** `/api/health`, with status 200 and 503 alike: https://grafana.com/docs/grafana/latest/developers/http_api/other/#health-api */
export const healthSchema = z.object({
  database: z.string().min(1).max(200),
  version: textSchema,
  commit: textSchema,
  enterpriseCommit: textSchema,
});
export type Health = z.output<typeof healthSchema>;

/** `/api/org`: https://grafana.com/docs/grafana/latest/developers/http_api/org/#get-current-organization; the postal address is left out. */
export const orgSchema = z.object({ id: z.int(), name: z.string().max(1000) });
export type Org = z.output<typeof orgSchema>;

/** `/api/frontend/settings`, of which everything else is for the browser, passwords of direct data sources among it. */
export const settingsSchema = z
  .object({ buildInfo: z.object({ version: textSchema, commit: textSchema, edition: textSchema }) })
  .transform(({ buildInfo }) => buildInfo);
export type Build = z.output<typeof settingsSchema>;

/**
 * `/api/datasources`: https://grafana.com/docs/grafana/latest/developers/http_api/data_source/#get-all-data-sources.
 * `jsonData` is whatever the plugin likes, secrets of careless people included: only what names an account is read.
 */
export const datasourcesSchema = z.array(
  z.object({
    // Absent before 8.0.
    uid: textSchema,
    name: z.string().max(1000),
    type: z.string().max(1000),
    access: textSchema,
    url: z.string().max(4096).catch(''),
    isDefault: z.boolean().optional().catch(undefined),
    readOnly: z.boolean().optional().catch(undefined),
    jsonData: z
      .object({
        assumeRoleArn: textSchema,
        sigV4AssumeRoleArn: textSchema,
        subscriptionId: textSchema,
        defaultProject: textSchema,
      })
      .catch({}),
  }),
);
export type WireDatasource = z.output<typeof datasourcesSchema>[number];

/** The body in this form; undefined when it is no JSON, or of another form. */
export function parseAnswer<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> | undefined {
  return schema.safeParse(parseJson(body)).data;
}

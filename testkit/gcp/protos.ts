// The SDK's own protocol descriptions, loaded: what the fake speaks is what the client speaks.
import { createRequire } from 'node:module';
import { Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import {
  fromJSON,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import type { GcpRefusal, StatusDetail } from './refusal.ts';

/** One method with the ways to read its requests and write its answers. */
export type Method = MethodDefinition<object, object>;

/** Every service that the SDK's package describes, by its full name. */
export type Services = ReadonlyMap<string, Readonly<Record<string, Method>>>;

/** What can be said in gRPC's own terms. */
export interface Protos {
  readonly services: Services;
  /** The trailer that carries code, message and details of a refusal. */
  toTrailer(refusal: GcpRefusal): Metadata;
}

// Google's clients bring google.rpc.Status with them; these two they keep to themselves.
const detailTypes = {
  nested: {
    google: {
      nested: {
        protobuf: {
          nested: { Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } } },
        },
        rpc: {
          nested: {
            ErrorInfo: {
              fields: {
                reason: { type: 'string', id: 1 },
                domain: { type: 'string', id: 2 },
                metadata: { keyType: 'string', type: 'string', id: 3 },
              },
            },
            RetryInfo: { fields: { retryDelay: { type: 'google.protobuf.Duration', id: 1 } } },
          },
        },
      },
    },
  },
};

let loaded: Protos | undefined;

/** Reads the descriptions from the installed package, once for all fakes of a process: they are never changed. */
export function loadProtos(): Protos {
  loaded ??= readProtos();
  return loaded;
}

function readProtos(): Protos {
  const json = createRequire(import.meta.url)('@google-cloud/resource-manager/build/protos/protos.json');
  const definitions = fromJSON(json, { longs: String, enums: String, defaults: true });
  const details = fromJSON(detailTypes);
  const serializeStatus = findMessage(definitions, 'google.rpc.Status');
  const serializers = {
    error_info: findMessage(details, 'google.rpc.ErrorInfo'),
    retry_info: findMessage(details, 'google.rpc.RetryInfo'),
  };
  const toAny = (detail: StatusDetail) => {
    const name = detail.kind === 'error_info' ? 'ErrorInfo' : 'RetryInfo';
    return { type_url: `type.googleapis.com/google.rpc.${name}`, value: serializers[detail.kind](toMessage(detail)) };
  };
  return {
    services: new Map(
      Object.entries(definitions).flatMap(([name, entry]) => (isService(entry) ? [[name, entry]] : [])),
    ),
    toTrailer: (refusal) => {
      const metadata = new Metadata();
      const code = status[refusal.status];
      const body = { code, message: refusal.message, details: refusal.details.map(toAny) };
      if (refusal.details.length > 0) metadata.set('grpc-status-details-bin', serializeStatus(body));
      return metadata;
    },
  };
}

function toMessage(detail: StatusDetail): object {
  if (detail.kind === 'error_info') {
    return { reason: detail.reason, domain: 'googleapis.com', metadata: detail.metadata ?? {} };
  }
  const seconds = Math.floor(detail.delay_seconds);
  return { retryDelay: { seconds, nanos: Math.round((detail.delay_seconds - seconds) * 1e9) } };
}

function isService(entry: PackageDefinition[string]): entry is ServiceDefinition {
  return !('format' in entry);
}

function findMessage(definitions: PackageDefinition, name: string): MessageTypeDefinition<object, object>['serialize'] {
  const entry = definitions[name];
  if (entry === undefined || !('serialize' in entry) || typeof entry.serialize !== 'function') {
    throw new TypeError(`the package describes no ${name}`);
  }
  return entry.serialize;
}

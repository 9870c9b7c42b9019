/** The client of the SDK's second generation, which speaks 2026-07-28 too when it is told to ask. */
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';

import { play } from './sessions.mjs';

const TRANSPORTS = {
  stdio: ({ command, args }) => new StdioClientTransport({ command, args, env: process.env }),
  sse: ({ url }) => new SSEClientTransport(new URL(url)),
  'streamable-http': ({ url }) => new StreamableHTTPClientTransport(new URL(url))
};

await play((session, jsonSchemaValidator) => {
  const client = new Client(
    { name: 'typescript-v2', version: '2' },
    { jsonSchemaValidator, versionNegotiation: { mode: session.negotiation } }
  );
  const transport = TRANSPORTS[session.transport](session.server);
  return { client, transport, protocolVersion: () => client.getNegotiatedProtocolVersion() };
}, new AjvJsonSchemaValidator());

/** The client of the SDK's first generation, which speaks revisions up to 2025-11-25. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';

import { play } from './sessions.mjs';

const TRANSPORTS = {
  stdio: ({ command, args }) => new StdioClientTransport({ command, args, env: process.env }),
  sse: ({ url }) => new SSEClientTransport(new URL(url)),
  'streamable-http': ({ url }) => new StreamableHTTPClientTransport(new URL(url))
};

await play((session, jsonSchemaValidator) => {
  const client = new Client({ name: 'typescript-v1', version: '1' }, { jsonSchemaValidator });
  const transport = TRANSPORTS[session.transport](session.server);
  // The client keeps the negotiated version to itself, and tells it to the transport alone.
  let version;
  const tell = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = negotiated => {
    version = negotiated;
    tell?.(negotiated);
  };
  return { client, transport, protocolVersion: () => version };
}, new AjvJsonSchemaValidator());

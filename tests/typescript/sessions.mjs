/**
 * Plays sessions against MCP servers and prints what the client made of them, as one JSON document.
 *
 * Standard input: a list of {name, transport, negotiation, server: {command, args} | {url}, calls},
 * where `calls` maps a label to the parameters of a tools/call.
 */
import { text } from 'node:stream/consumers';

/**
 * @param open gives, for a session and a JSON Schema validator, the SDK's client, its transport and
 *   a function that tells the protocol version of the connection.
 * @param ajv the SDK's own default validator.
 */
export async function play(open, ajv) {
  const sessions = JSON.parse(await text(process.stdin));
  const results = {};
  const one = async session => {
    results[session.name] = await playOne(session, open, ajv);
  };
  // A process of its own for each stdio session: these need not wait for each other. Sessions over
  // HTTP share a server, and so its tickets.
  const inOrder = async () => {
    for (const session of sessions.filter(({ server }) => server.url)) await one(session);
  };
  const atOnce = sessions.filter(({ server }) => !server.url).map(one);
  await Promise.all([inOrder(), ...atOnce]);
  process.stdout.write(JSON.stringify(results));
}

async function playOne(session, open, ajv) {
  const complaints = [];
  let verdicts = [];
  const watched = {
    getValidator: schema => {
      const validate = ajv.getValidator(schema);
      return value => {
        const verdict = validate(value);
        verdicts.push(verdict.valid);
        return verdict;
      };
    }
  };
  const { client, transport, protocolVersion } = open(session, watched);
  client.onerror = error => complaints.push(described(error));
  const calls = {};
  try {
    await client.connect(transport);
    // Listed first: both generations check answers against the output schemas of the last list.
    const { tools } = await client.listTools();
    for (const [label, params] of Object.entries(session.calls)) {
      verdicts = [];
      calls[label] = await client.callTool(params).catch(error => ({ thrown: described(error) }));
      calls[label] = { ...calls[label], validated: verdicts };
    }
    const server = client.getServerVersion()?.name;
    return { protocolVersion: protocolVersion(), server, tools, calls, complaints };
  } catch (error) {
    return { failure: described(error), calls, complaints };
  } finally {
    client.onerror = undefined; // hanging up makes the first generation complain of its own abort
    await transport.terminateSession?.();
    await client.close();
  }
}

function described(error) {
  const cause = error?.cause ? ` (${described(error.cause)})` : '';
  return `${error?.name} ${error?.code ?? ''}: ${error?.message}${cause}`;
}

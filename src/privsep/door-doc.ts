import { z } from 'zod';
import { doorVersion, maxFrameBytes, maxFrameDescriptors } from './frame.js';
import { type RequestRow, requestTable } from './request-table.js';

/** The part of a JSON schema that the table's shapes come to. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const head = `# The door

Generated from \`src/privsep/request-table.ts\` by \`npm run docs:door\`; a test holds it against the table.

A door is a stream socket between the broker and one peer. A message is a uint32 (big endian) with the length of what follows, then a
JSON object in UTF-8 with \`v: ${doorVersion}\`. A question has \`id\` and \`request\`, an answer the same \`id\` and \`ok: true\` with its members, or
\`ok: false\` with \`error: {code, text}\`. An event has \`event\` and no \`id\`. \`fds: n\` says how many descriptors came with the first byte
(at most ${maxFrameDescriptors}; none in questions). Bytes are base64. No frame is larger than ${maxFrameBytes} bytes; a question no larger than its row says.

What is not a row here cannot be asked. A question that is unknown, malformed or too large, from the wrong peer, in the wrong phase or asked
once too often ends the connection and is written to the audit trail.

| request | who | phase | once | bytes | time | purpose |
| --- | --- | --- | --- | --- | --- | --- |
`;

/** The text of docs/door.md. */
export function buildDoorDoc(): string {
  const rows = Object.entries(requestTable as Readonly<Record<string, RequestRow>>);
  const table = rows.map(([name, row]) => {
    const cells = [`[${name}](#${name})`, row.who.join(', '), row.phases.join(', '), row.once ? 'yes' : ''];
    return `| ${[...cells, String(row.maxQuestionBytes), `${row.deadlineMs / 1000} s`, row.purpose].join(' | ')} |\n`;
  });
  const sections = rows.map(([name, row]) => {
    const fds = row.answerFds === 0 ? '' : '\n\nA good answer brings one descriptor.';
    return `\n## ${name}\n\nQuestion:\n\n\`\`\`\n${describe(row.question)}\n\`\`\`\n\nAnswer:\n\n\`\`\`\n${describe(row.answer)}\n\`\`\`${fds}\n`;
  });
  return head + table.join('') + sections.join('');
}

function describe(shape: z.ZodType): string {
  return toText(z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema, '');
}

function toText(schema: Schema, indent: string): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map((choice) => toText(choice, indent)).join(`\n${indent}| `);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  if (schema.properties !== undefined) return toObjectText(schema, indent);
  if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map((item) => toText(item, indent)).join(', ')}]`;
  if (schema.items !== undefined) {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`;
    return `list of ${toText(schema.items, indent)}${most}`;
  }
  return toScalarText(schema);
}

function toObjectText({ properties = {}, required = [] }: Schema, indent: string): string {
  const members = Object.entries(properties);
  if (members.length === 0) return '{}';
  const inner = `${indent}  `;
  const lines = members.map(
    ([name, schema]) => `${inner}${name}${required.includes(name) ? '' : '?'}: ${toText(schema, inner)}\n`,
  );
  return `{\n${lines.join('')}${indent}}`;
}

function toScalarText({ type, pattern, maxLength, minimum, maximum }: Schema): string {
  if (type === 'integer' || type === 'number') return `whole number ${minimum ?? 0} to ${maximum ?? 'any'}`;
  if (type !== 'string') return type ?? 'any';
  const isBytes = pattern !== undefined;
  const most = maxLength === undefined ? '' : `, at most ${isBytes ? Math.floor((maxLength / 4) * 3) : maxLength}`;
  return isBytes ? `base64${most} bytes` : `text${most}`;
}

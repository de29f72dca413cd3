import { z } from 'zod'

/** Placeholder for a number that JSON.stringify cannot write. `hostileJson` replaces it in the text. */
const NO_NUMBER = '@@1e400@@'

/** Each text is tried in every field, whatever the schema expects: a time, a cursor, a name, an id. */
const TEXTS = [
  '',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udc00b',
  '\u202egnp.exe',
  '\u2066a',
  '\ufeff',
  '__proto__',
  'constructor',
  '%ff',
  "'; DROP TABLE x; --",
  '../../etc/passwd',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '9999-12-31',
  '2026-02-30T00:00:00Z',
  '-1',
  '0',
  '2147483648',
  '9223372036854775808',
  '99999999999999999999999999',
  '1e400',
  '00000000-0000-0000-0000-000000000000',
  'x'.repeat(300_000),
]

const OTHERS: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
  NO_NUMBER,
  [],
  Array.from({ length: 5_000 }, () => 'x'),
  {},
  JSON.parse('{"__proto__":{"role":"admin"},"constructor":{"prototype":{}}}'),
]

export const hostileTexts: readonly string[] = TEXTS
export const hostileValues: readonly unknown[] = [...TEXTS, ...OTHERS]

/** JSON in which the placeholder becomes a number that `JSON.parse` reads as Infinity. */
export const hostileJson = (value: unknown): string => JSON.stringify(value).replaceAll(`"${NO_NUMBER}"`, '1e400')

const schemaNode = z.looseObject({
  type: z.union([z.string(), z.array(z.string()).transform(([first]) => first)]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  $ref: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
})

export type Plausible = Readonly<Record<string, unknown>>

/**
 * Every input that is valid except for one hostile value in one place. `schema` is JSON Schema; `plausible` gives typical
 * values by member name.
 */
export function* hostileInputs(schema: unknown, plausible: Plausible, root: unknown = schema): Generator<unknown> {
  yield* hostileValues
  yield 'x'.repeat(1_000_000)
  const done = new Set<string>()
  for (const sample of samples(schema, plausible, root)) {
    for (const path of placesOf(sample)) {
      // A path that several variants of a union share is tried in only one of them.
      if (done.has(path.join('.'))) continue
      done.add(path.join('.'))
      for (const value of hostileValues) yield withValue(sample, path, value)
    }
  }
}

/** Valid values of the schema: one for each variant of a union. */
export function samples(schema: unknown, plausible: Plausible, root: unknown = schema, name = ''): unknown[] {
  const node = schemaNode.parse(schema)
  const known = plausible[name]
  if (known !== undefined) return [known]
  if (node.$ref !== undefined) return samples(resolve(root, node.$ref), plausible, root, name)
  const options = node.anyOf ?? node.oneOf
  if (options !== undefined) return options.flatMap((option) => samples(option, plausible, root, name))
  if (node.const !== undefined) return [node.const]
  if (node.enum !== undefined) return [node.enum[0]]
  if (node.type === 'object') {
    let made: Readonly<Record<string, unknown>>[] = [{}]
    for (const [key, member] of Object.entries(node.properties ?? {})) {
      const values = samples(member, plausible, root, key)
      // Each variant of a member once, not every combination.
      made = values
        .map((value, index) => ({ ...made[Math.min(index, made.length - 1)], [key]: value }))
        .concat(made.slice(values.length).map((one) => ({ ...one, [key]: values[0] })))
    }
    return made
  }
  if (node.type === 'array') return samples(node.items, plausible, root, name).map((item) => [item])
  if (node.type === 'integer' || node.type === 'number') return [1]
  if (node.type === 'boolean') return [true]
  if (node.type === 'null') return [null]
  if (node.format === 'uuid') return ['0199aaaa-0000-7000-8000-000000000000']
  if (node.format === 'date-time') return ['2026-11-28T10:00:00Z']
  if (node.format === 'email') return ['ada@example.com']
  return ['some text']
}

function resolve(root: unknown, pointer: string): unknown {
  let found = root
  for (const part of pointer.replace(/^#\//, '').split('/')) found = Reflect.get(Object(found), part)
  return found
}

type Path = readonly (string | number)[]

function* placesOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    yield* placesOf(inner, [...path, Array.isArray(value) ? Number(key) : key])
  }
}

function withValue(sample: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (Array.isArray(sample)) return sample.map((item, index) => (index === key ? withValue(item, rest, value) : item))
  const members = Object.entries(Object(sample))
  return Object.fromEntries(
    members.map(([name, inner]) => [name, name === key ? withValue(inner, rest, value) : inner]),
  )
}

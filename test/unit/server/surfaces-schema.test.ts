import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { surfacesJsonSchema } from '~/server/surfaces/declare/surfaces-schema'

const root = path.resolve(import.meta.dirname, '../../..')

it('surfaces.schema.json is the schema with which surfaces.yaml is read (vitest -u writes it)', async () => {
  const text = `${JSON.stringify(surfacesJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot(path.join(root, 'surfaces.schema.json'))
})

/** What an editor marks in a file, as `/place message`. */
function marksIn(text: string): string[] {
  const ajv = new Ajv({ allErrors: true })
  ajv.validate(JSON.parse(readFileSync(path.join(root, 'surfaces.schema.json'), 'utf8')), parse(text))
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const SCHEMA_LINE = '# yaml-language-server: $schema=surfaces.schema.json\n'
const sample = readFileSync(path.join(root, 'surfaces.yaml'), 'utf8')
const [, example = ''] =
  /```yaml\n(.*?)```/s.exec(readFileSync(path.join(root, 'docs/operations/connect.md'), 'utf8')) ?? []

describe.each([
  ['surfaces.yaml', sample],
  ['the example of docs/operations/connect.md', example.replace(/^ {3}/gm, '')],
])('%s', (_, text) => {
  it('names the schema in its first line, and an editor marks nothing in it', () => {
    expect(text.slice(0, SCHEMA_LINE.length)).toBe(SCHEMA_LINE)
    expect(parse(text)).toHaveProperty('surfaces')
    expect(marksIn(text)).toEqual([])
  })

  it('is marked by an editor where a key is misspelled or missing', () => {
    expect(marksIn(text.replace(/health_url: /, 'helth_url: '))).toEqual([
      "/surfaces/0 must have required property 'health_url'",
      '/surfaces/0 must NOT have additional properties',
    ])
  })
})

const properties = z.record(z.string(), z.looseObject({ description: z.string().optional() }))

/** The keys of a schema and of all schemas in it that have no description. */
function undescribedKeys(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const own = properties.safeParse(Reflect.get(schema, 'properties')).data ?? {}
  const undescribed = Object.entries(own).flatMap(([key, { description }]) => (description === undefined ? [key] : []))
  return [...undescribed, ...Object.values(schema).flatMap(undescribedKeys)]
}

it('an editor shows a description of every key of surfaces.yaml', () => {
  expect(undescribedKeys(surfacesJsonSchema())).toEqual([])
})

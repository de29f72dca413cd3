import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { type Import, listImports } from '~test/support/list-imports'

const source = path.resolve(import.meta.dirname, '../../../src')

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.tsx?$/.test(file) && !file.includes('/generated/'),
)

/** The layers of docs/architecture.md, lowest first. */
const LAYERS: readonly (readonly RegExp[])[] = [
  [/^domain\//],
  [/^server\/platform\//],
  [/^server\/github\//],
  // The nouns.
  [/^server\/(?!live|worker|trpc|rest|openapi)[a-z]+\//],
  [/^server\/(live|worker|trpc|rest|openapi)\//, /^server\/(deps|front)$/],
  [/^app\//, /^(instrumentation|proxy)$/],
]
const layerOf = (file: string): number => LAYERS.findIndex((layer) => layer.some((pattern) => pattern.test(file)))

/** The composition root makes the dependencies, and every use case knows its type. */
const isDeps = ({ to }: Import): boolean => to === 'server/deps'

it('no file imports from a higher layer', () => {
  const upward = listImports().filter((one) => {
    const [from, to] = [layerOf(one.from), layerOf(one.to)]
    return from >= 0 && to > from && !(isDeps(one) && one.from.startsWith('server/'))
  })
  expect(upward.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
})

it('no two rooms import each other', () => {
  const between = new Map<string, string>()
  for (const one of listImports()) {
    const [from, to] = [path.dirname(one.from), path.dirname(one.to)]
    if (from !== to && !isDeps(one)) between.set(`${from} ${to}`, `${one.from} imports ${one.to}`)
  }
  const mutual = [...between].filter(([pair]) => between.has(pair.split(' ').toReversed().join(' ')))
  expect(mutual.map(([, example]) => example)).toEqual([])
})

it('only server/auth/library imports better-auth', () => {
  const importing = files.filter((file) => /'@?better-auth[/']/.test(readFileSync(path.join(source, file), 'utf8')))
  expect(importing.length).toBeGreaterThan(0)
  expect(importing.filter((file) => !file.startsWith('server/auth/library/'))).toEqual([])
})

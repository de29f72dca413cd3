import superjson from 'superjson'
import { describe, expect, it } from 'vitest'
import { transformer } from '~/server/trpc/transformer'

const overTheWire = (value: unknown) => superjson.deserialize(JSON.parse(JSON.stringify(transformer.serialize(value))))

describe('what an answer holds reaches the browser as it was, read there by superjson itself', () => {
  it.each([
    ['plain JSON', { id: 'a', lines: [{ seq: 1, line: 'x' }], none: null, on: true }],
    ['an undefined member', { id: 'a', gone: undefined }],
    ['a date deep inside', { rows: [{ at: new Date(0) }] }],
    ['a run id as BigInt', { runId: 9007199254740993n }],
    ['a set and a map', { set: new Set([1]), map: new Map([['a', 1]]) }],
    ['numbers JSON lacks', [Number.NaN, Number.POSITIVE_INFINITY, -0]],
    ['undefined itself', undefined],
    ['null', null],
  ])('%s', (_, value) => {
    expect(overTheWire(value)).toStrictEqual(value)
  })
})

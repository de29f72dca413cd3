import type { Random } from '~test/fuzz/random'
import { type Callback, sign } from '~test/fuzz/signed-request'

type Mutation = (callback: Callback, random: Random, secret: string) => Callback

const flip = (bytes: Buffer, random: Random): Buffer => {
  const changed = Buffer.from(bytes)
  const at = random.below(changed.length)
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8))
  return changed
}

/** Flips a bit of the decoded signature, as a flipped base64 character may encode the same bytes. */
const flipSignature: Mutation = (callback, random) => ({
  ...callback,
  signature: `v1,${flip(Buffer.from(callback.signature.slice('v1,'.length), 'base64'), random).toString('base64')}`,
})

const at = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)

/** Each makes a callback whose signature is invalid or expired. */
const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  flipSignature,
  (callback, random) => ({ ...callback, body: flip(callback.body, random) }),
  (callback, random) => ({ ...callback, body: callback.body.subarray(0, random.below(callback.body.length)) }),
  (callback, random) => ({ ...callback, body: Buffer.concat([callback.body, random.bytes(1 + random.below(100))]) }),
  (callback) => ({ ...callback, body: Buffer.alloc(0) }),
  (callback) => ({ ...callback, body: Buffer.alloc(70_000, 'x') }),
  (callback) => ({ ...callback, body: Buffer.concat([callback.body, Buffer.alloc(60_000, ' ')]) }),
  (callback, random) => ({ ...callback, id: `${callback.id}${random.pick(['.', 'x', ' x', '.1', '\t0'])}` }),
  (callback) => ({ ...callback, id: '' }),
  (callback) => ({ ...callback, id: 'x'.repeat(300) }),
  (callback, random) => ({ ...callback, timestamp: at(1 + random.below(200)) + random.pick(['0', '.0', 'e0', 'x']) }),
  (callback, random) => ({ ...callback, timestamp: random.pick(['', '-1', '0', 'NaN', '1e10', '９', '0x66']) }),
  (callback, random) => ({
    ...callback,
    signature: random.pick(['', 'v1', 'v1,', 'v1a,AAAA', 'v0,AAAA', ',', 'v1,,,']),
  }),
  (callback, random) => ({ ...callback, signature: `v1,${random.bytes(random.below(64)).toString('base64')}` }),
  (callback) => ({ ...callback, signature: callback.signature.toLowerCase().replace('v1,', 'v1,x') }),
  (callback) => ({ ...callback, signature: Array.from({ length: 90 }, () => 'v1,AAAA').join(' ') }),
  (callback) => ({ ...callback, signature: 'v1,'.padEnd(6_000, 'A') }),
  // Correctly signed, but more than five minutes too old or too new.
  (callback, random, secret) => {
    const timestamp = at(random.pick([-1, 1]) * (310 + random.below(100_000)))
    return { ...callback, timestamp, signature: sign(secret, { ...callback, timestamp }) }
  },
  // Correctly signed, but sent to an address of no deploy.
  (callback, random) => ({ ...callback, path: callback.path.replace(/[0-9a-f-]{36}/, strangeId(random)) }),
  (callback, random) => ({ ...flipSignature(callback, random, ''), path: strangePath(callback, random) }),
  (callback, random) => ({
    ...flipSignature(callback, random, ''),
    method: random.pick(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND', 'TRACE']),
  }),
]

export const mutate: Mutation = (callback, random, secret) => random.pick(MUTATIONS)(callback, random, secret)

const strangeId = (random: Random): string =>
  random.pick([
    '0',
    'null',
    '%00',
    '%ff%fe',
    '..%2f..%2fetc',
    "'%20OR%201=1--",
    '00000000-0000-7000-8000-000000000000',
    '00000000-0000-0000-0000-00000000000g',
    'x'.repeat(3_000),
    '%F0%9F%9A%80',
    random.bytes(16).toString('hex'),
  ])

const strangePath = ({ path }: Callback, random: Random): string =>
  random.pick([
    `${path}/`,
    `${path}?x=1&x=2`,
    `/${path}`,
    path.toUpperCase(),
    path.replace('/status', '/%73tatus'),
    path.replace('/api', '/api/.'),
    `${path}/../status`,
    `${path}%00`,
    `${path};a=b`,
    path.replace('/internal', '/internal%2f'),
    `${path}.json`,
    `${path}?_rsc=1`,
  ])

import type { Random } from '~test/fuzz/random'
import type { Callback } from '~test/fuzz/signed-request'

/** The bytes of a request. If it is incomplete, the connection is closed after them. */
export interface Wire {
  readonly bytes: Buffer
  readonly complete: boolean
}

const headersOf = ({ id, timestamp, signature }: Callback, extra: readonly string[]) => [
  'host: 127.0.0.1',
  'content-type: application/json',
  `webhook-id: ${id}`,
  `webhook-timestamp: ${timestamp}`,
  `webhook-signature: ${signature}`,
  ...extra,
]

function assemble(callback: Callback, headers: readonly string[], body: Buffer): Buffer {
  const head = `${callback.method} ${callback.path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'utf8'), body])
}

/** Encoded as any client does. */
export function plain(callback: Callback, extra: readonly string[] = []): Wire {
  const headers = headersOf(callback, [...extra, `content-length: ${callback.body.length}`])
  return { bytes: assemble(callback, headers, callback.body), complete: true }
}

/** The same with a token instead of a signature. */
export function withToken(callback: Callback, token: string, extra: readonly string[] = []): Wire {
  const headers = [
    ...headersOf(callback, extra).filter((header) => !/^webhook-(signature|timestamp):/.test(header)),
    `authorization: Bearer ${token}`,
    `content-length: ${callback.body.length}`,
  ]
  return { bytes: assemble(callback, headers, callback.body), complete: true }
}

/** In chunks, without a length. */
export function chunked(callback: Callback, random: Random): Wire {
  const parts: Buffer[] = []
  for (let at = 0; at < callback.body.length; ) {
    const piece = callback.body.subarray(at, at + 1 + random.below(callback.body.length))
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
    at += piece.length
  }
  const body = Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
  return { bytes: assemble(callback, headersOf(callback, ['transfer-encoding: chunked']), body), complete: true }
}

/** A request that no client sends: cut off, contradictory, too large, or not HTTP. */
export function broken(callback: Callback, random: Random): Wire {
  const whole = plain(callback).bytes
  const pieces = chunked(callback, random).bytes
  const cut = (bytes: Buffer) => bytes.subarray(0, 1 + random.below(bytes.length - 1))
  const lying = (...extra: string[]) => assemble(callback, headersOf(callback, extra), callback.body)
  const bytes = random.pick<() => Buffer>([
    () => cut(whole),
    () => cut(pieces),
    () => random.bytes(1 + random.below(2_000)),
    () => lying('content-length: 999999'),
    () => lying('content-length: -1'),
    () => lying('content-length: 5', 'content-length: 6'),
    () => lying('transfer-encoding: chunked', `content-length: ${callback.body.length}`),
    () => lying('transfer-encoding: gzip, chunked'),
    () => lying('content-encoding: gzip', `content-length: ${callback.body.length}`),
    () => lying('expect: 100-continue', `content-length: ${callback.body.length}`),
    () => lying(`x-large: ${'x'.repeat(20_000)}`, 'content-length: 0'),
    () => lying(...Array.from({ length: 1_500 }, (_, n) => `x-${n}: y`), 'content-length: 0'),
    () => lying('next-action: x', 'rsc: 1', `content-length: ${callback.body.length}`),
    () => lying('x-middleware-subrequest: src/proxy', `content-length: ${callback.body.length}`),
    () => lying('upgrade: websocket', 'connection: upgrade', 'content-length: 0'),
    () => Buffer.concat([whole, whole]),
    () => {
      const changed = Buffer.from(whole)
      for (let n = 0; n < 5; n += 1) changed[random.below(changed.length)] = random.below(256)
      return changed
    },
  ])()
  return { bytes, complete: false }
}

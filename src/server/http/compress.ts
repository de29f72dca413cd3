import 'server-only'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** A smaller answer fits into the first packets as it is. */
const SMALLEST = 1024

const ENCODINGS = {
  // The library's default takes a hundred times as long, for files that are compressed once.
  br: (body: Uint8Array) => promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  gzip: (body: Uint8Array) => promisify(gzip)(body),
} as const

type Encoding = keyof typeof ENCODINGS

/**
 * A JSON answer in an encoding that the request takes (RFC 9110, 12.5.3). Next compresses pages and files, and not what routes answer.
 * Its body is read whole, so a stream stays what it is.
 */
export async function compressed(request: Request, answer: Response): Promise<Response> {
  const { status, headers } = answer
  if (answer.body === null || !/^application\/json\b/.test(headers.get('content-type') ?? '')) return answer
  const [body, changed] = [new Uint8Array(await answer.arrayBuffer()), new Headers(headers)]
  changed.append('vary', 'accept-encoding')
  const encoding = body.length < SMALLEST ? null : encodingFor(request.headers.get('accept-encoding') ?? '')
  if (encoding === null) return new Response(body, { status, headers: changed })
  changed.set('content-encoding', encoding)
  changed.delete('content-length')
  return new Response(new Uint8Array(await ENCODINGS[encoding](body)), { status, headers: changed })
}

function encodingFor(accepted: string): Encoding | null {
  const taken = accepted.split(',').flatMap((one) => {
    const [name = '', weight = '1'] = one
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/)
    return Number(weight) > 0 ? [name] : []
  })
  return (['br', 'gzip'] as const).find((encoding) => taken.includes(encoding)) ?? null
}

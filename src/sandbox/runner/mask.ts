/** Hides secrets in all output of the runner. */
export interface Mask {
  readonly add: (secret: string) => void
  readonly hide: (text: string) => string
}

/** Like GitHub's runner, hides a secret as a whole, each of its lines, and its forms in JSON, URLs and base64. */
export function createMask(secrets: readonly string[]): Mask {
  let hidden: readonly string[] = []
  const add = (secret: string) => {
    const shapes = [secret, secret.trim(), ...secret.split(/\r?\n/)].flatMap(shapesOf).filter((shape) => shape !== '')
    // Longest first: if one secret contains another, no rest of the longer one may remain.
    hidden = [...new Set([...hidden, ...shapes])].sort((a, b) => b.length - a.length)
  }
  for (const secret of secrets) add(secret)
  return { add, hide: (text) => hidden.reduce((result, shape) => result.replaceAll(shape, '***'), text) }
}

function shapesOf(value: string): readonly string[] {
  if (value.trim() === '') return []
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(Buffer.from(value).toString()),
    ...base64Shapes(value),
  ]
}

/** The part of `value` that every base64 text around it contains, for each of the three alignments. */
function base64Shapes(value: string): readonly string[] {
  if (value.length < 6) return []
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.from(value).subarray(offset)
    return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64')
  })
}

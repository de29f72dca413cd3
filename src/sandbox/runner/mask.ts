/** Hides secrets in everything that leaves the runner. */
export interface Mask {
  readonly add: (secret: string) => void
  readonly hide: (text: string) => string
}

/**
 * Like GitHub's runner: a secret is hidden as a whole, line by line (logs are lines), and in the shapes it takes on its
 * way through JSON, URLs and base64.
 */
export function createMask(secrets: readonly string[]): Mask {
  let hidden: readonly string[] = []
  const add = (secret: string) => {
    const shapes = [secret, secret.trim(), ...secret.split(/\r?\n/)].flatMap(shapesOf).filter((shape) => shape !== '')
    // Longest first, so that a secret inside another one leaves no rest behind.
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

/** The part of `value` that any base64 text around it must contain, for each of the three ways it can be aligned. */
function base64Shapes(value: string): readonly string[] {
  if (value.length < 6) return []
  return [0, 1, 2].map((offset) => {
    const bytes = Buffer.from(value).subarray(offset)
    return bytes.subarray(0, bytes.length - (bytes.length % 3)).toString('base64')
  })
}

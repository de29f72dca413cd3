import { readFileSync, statSync } from 'node:fs'

// A secret may come from a file, as containers and service managers provide it: `AUTH_SECRET_FILE` instead of `AUTH_SECRET`.

type Environment = Readonly<Record<string, string | undefined>>

const MAX_BYTES = 65_536

/** The values of the secrets that files provide. A message never shows a path: somebody may have put the secret itself there. */
export function readSecretFiles(
  env: Environment,
  secrets: readonly string[],
): { readonly values: Record<string, string>; readonly problems: string[] } {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const secret of secrets) {
    const variable = `${secret}_FILE`
    const file = env[variable]?.trim()
    if (file === undefined || file === '') continue
    if ((env[secret] ?? '').trim() !== '') {
      problems.push(`${secret} and ${variable} are both set; unset one of them`)
      continue
    }
    const read = readSecret(file)
    if ('problem' in read) problems.push(`${variable} ${read.problem}; example: /run/secrets/${secret.toLowerCase()}`)
    else values[secret] = read.text
  }
  return { values, problems }
}

function readSecret(file: string): { readonly text: string } | { readonly problem: string } {
  try {
    const found = statSync(file)
    // Reading a pipe or a device might wait for ever, and the next process would find a pipe empty.
    if (!found.isFile()) return { problem: 'does not name a regular file' }
    if (found.size > MAX_BYTES) return { problem: `names a file of more than ${MAX_BYTES} bytes` }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    if (text.trim() === '') return { problem: 'names an empty file' }
    return text.includes('\0') ? { problem: 'names a file that is not text' } : { text }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { problem: 'names a file that is not text' }
    return { problem: `names a file that cannot be read (${code})` }
  }
}

/** An environment with these values. A file beside one of them would contradict it. */
export function withValues<Env extends Environment>(env: Env, values: Environment): Env {
  const files = Object.keys(values).map((name) => `${name}_FILE`)
  return { ...env, ...Object.fromEntries(files.map((name) => [name, undefined])), ...values }
}

import 'server-only'
import { createContext, Script } from 'node:vm'
import { z } from 'zod'
import { findMember, type VersionSource, versionName } from '~/domain/surface/version'

interface Answer {
  readonly headers: Headers
  /** The start of the body. */
  readonly text: string
}

/** Without a declaration, only a full commit SHA in the member `version` counts. */
const healthBody = z.object({ version: z.string().regex(/^[0-9a-f]{40}$/) })

/**
 * The version that an answer reports; null if it reports none.
 *
 * @throws an error when a regular expression takes too long
 */
export function readVersion(source: VersionSource | null, { headers, text }: Answer): string | null {
  if (source === null) return healthBody.safeParse(parsed(text)).data?.version ?? null
  switch (source.in) {
    case 'json':
      return nameOrNull(memberAt(text, source.at))
    case 'header':
      return nameOrNull(headers.get(source.at))
    case 'text':
      return nameOrNull(matchVersion(source.at, text))
  }
}

function memberAt(text: string, path: string): unknown {
  const member = findMember(parsed(text), path)
  return 'value' in member ? member.value : null
}

const nameOrNull = (value: unknown) => (typeof value === 'string' ? versionName(value) : null)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * A regular expression may need exponential time, and the text comes from outside. Only a script can be stopped, so the expression runs
 * as one. The limits are wall-clock times: on a busy machine, the first one may pass before the script has run.
 */
const LIMITS_MS = [20, 200] as const
const match = new Script(`new RegExp(pattern, 'm').exec(text)?.groups?.version`)
const scope = createContext(Object.create(null))

function matchVersion(pattern: string, text: string): unknown {
  Object.assign(scope, { pattern, text })
  const [first, second] = LIMITS_MS
  try {
    return match.runInContext(scope, { timeout: first })
  } catch {
    return match.runInContext(scope, { timeout: second })
  } finally {
    Object.assign(scope, { pattern: '', text: '' })
  }
}

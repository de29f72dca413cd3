import { createHmac, randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { text } from '~/sandbox/http/answer'
import { sameSecret } from '~/sandbox/http/read-request'
import type { Route } from '~/sandbox/http/router'
import { readJsonFile, writeAtomically } from '~/sandbox/state/json-document'

const listeningSchema = z.object({ url: z.url(), token: z.string() })

/** Where the sandbox of a directory listens, and the token that may control it. */
export type Listening = z.infer<typeof listeningSchema>

const fileIn = (dir: string): string => path.join(dir, 'sandbox.json')

export const readListening = (dir: string): Listening | undefined => readJsonFile(fileIn(dir), listeningSchema)

/** The file is readable by its owner only: it holds the token. It stays after a stop, so that the next start takes the same port. */
export const writeListening = (dir: string, listening: Listening): void =>
  writeAtomically(fileIn(dir), `${JSON.stringify(listening, null, 2)}\n`)

const proof = (token: string, challenge: string): string => createHmac('sha256', token).update(challenge).digest('hex')

/** Proves to who knows the token that this server knows it too, without either of them sending it. */
export const identityRoute = (token: string): Route => ({
  method: 'GET',
  pattern: '/identity/:challenge',
  handle: (request) => text(200, proof(token, request.param('challenge'))),
})

/** Whether the sandbox answers where it listened last; another program may have its port by now, and must not get the token. */
export const answersAs = async ({ url, token }: Listening): Promise<boolean> => {
  const challenge = randomBytes(16).toString('hex')
  try {
    const answer = await fetch(`${url}/identity/${challenge}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(2_000),
    })
    return answer.ok && sameSecret(await answer.text(), proof(token, challenge))
  } catch {
    return false
  }
}

const PATIENCE_MS = 3_000
const PAUSE_MS = 200

/**
 * Two sandboxes on one directory would overwrite each other's runs. One whose launcher has just died is given the moment
 * it needs to notice and to end.
 */
export const refuseSecond = async (dir: string): Promise<void> => {
  const other = readListening(dir)
  if (!other) return
  const until = Date.now() + PATIENCE_MS
  while (await answersAs(other)) {
    if (Date.now() > until) {
      throw new Error(
        `Another sandbox already uses ${dir}; it listens on ${other.url}. Stop it, or set SANDBOX_DIR to another directory.`,
      )
    }
    await delay(PAUSE_MS)
  }
}

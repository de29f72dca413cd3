import { createHmac, randomBytes } from 'node:crypto'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { text } from '~/sandbox/http/answer'
import { sameSecret } from '~/sandbox/http/incoming-request'
import type { Route } from '~/sandbox/http/router'
import { readJsonFile, writeAtomically } from '~/sandbox/state/json-document'

const listeningSchema = z.object({ url: z.url(), token: z.string() })

/** The address of a directory's sandbox, and the token that controls the sandbox. */
export type Listening = z.infer<typeof listeningSchema>

const fileIn = (dir: string): string => path.join(dir, 'sandbox.json')

export const readListening = (dir: string): Listening | undefined => readJsonFile(fileIn(dir), listeningSchema)

/** Only the owner may read the file, because it holds the token. It stays after a stop: the next start takes the same port. */
export const writeListening = (dir: string, listening: Listening): void =>
  writeAtomically(fileIn(dir), `${JSON.stringify(listening, null, 2)}\n`)

const proof = (token: string, challenge: string): string => createHmac('sha256', token).update(challenge).digest('hex')

/** Proves that this server knows the token. Neither side sends the token itself. */
export const identityRoute = (token: string): Route => ({
  method: 'GET',
  pattern: '/identity/:challenge',
  handle: (request) => text(200, proof(token, request.param('challenge'))),
})

/** Whether the sandbox still answers at its last address. Another program may have the port now and must not get the token. */
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

/** Two sandboxes on one directory would overwrite each other's runs. An old one gets three seconds to end after its launcher died. */
export const refuseSecond = async (dir: string): Promise<void> => {
  const other = readListening(dir)
  if (!other) return
  const until = Date.now() + PATIENCE_MS
  while (await answersAs(other)) {
    if (Date.now() > until) {
      throw new Error(
        `Another sandbox already uses ${dir}; it listens on ${other.url}. Nothing was started. Stop it, or set SANDBOX_DIR to another directory.`,
      )
    }
    await delay(PAUSE_MS)
  }
}

import 'server-only'
import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from '@simplewebauthn/server'
import { z } from 'zod'
import { findPasskey, notePasskeyCounter } from '~/server/auth/second-factor/passkey-rows'
import { passkeyHost } from '~/server/auth/second-factor/passkeys'
import type { Deps } from '~/server/deps'

/** What the passkey plugin keeps of a challenge it gave out. */
const challenge = z.object({
  type: z.literal('authentication'),
  expectedChallenge: z.string(),
  userData: z.object({ id: z.string() }),
})

interface Answer {
  /** The challenge as it was kept; it was used up by being read. */
  readonly kept: string
  readonly response: AuthenticationResponseJSON
  readonly origin: string
}

/** Whether the answer is from a passkey of this person, to a challenge given to this person, who was verified by it. */
export async function isPasskeyOf(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  userId: string,
  { kept, response, origin }: Answer,
): Promise<boolean> {
  const { data } = challenge.safeParse(parsed(kept))
  const known = await findPasskey(db, response.id)
  if (data === undefined || data.userData.id !== userId || known === null || known.userId !== userId) return false
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: data.expectedChallenge,
      expectedOrigin: origin,
      expectedRPID: passkeyHost(config.consoleUrl),
      credential: {
        id: known.credentialID,
        publicKey: new Uint8Array(Buffer.from(known.publicKey, 'base64')),
        counter: known.counter,
      },
      requireUserVerification: true,
    })
    if (!verified) return false
    await notePasskeyCounter(db, known.id, authenticationInfo.newCounter)
    return true
  } catch {
    // The library throws for whatever does not fit: another origin, another challenge, a counter that went back.
    return false
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

import 'server-only'
import { passkey } from '@better-auth/passkey'
import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from '@simplewebauthn/server'
import { APIError } from 'better-auth/api'
import { z } from 'zod'
import type { Deps } from '~/server/deps'
import type { DatabaseHandle } from '~/server/platform/database'

/** The plugin's cookie of a challenge. */
export const CHALLENGE_COOKIE = 'better-auth-passkey'

/** The host name to which passkeys are bound (WebAuthn, 5.1.2). An IP address cannot have passkeys. */
export const passkeyHost = (consoleUrl: string): string => new URL(consoleUrl).hostname

/**
 * A passkey replaces password and second factor, so the device must verify the person by PIN or fingerprint. The library
 * requests this, but does not require it.
 */
export function passkeys(consoleUrl: string) {
  return passkey({
    rpID: passkeyHost(consoleUrl),
    rpName: 'Deploy Console',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    advanced: { webAuthnChallengeCookie: CHALLENGE_COOKIE },
    registration: {
      afterVerification: ({ verification }) => requireVerified(verification.registrationInfo?.userVerified),
    },
    authentication: {
      afterVerification: ({ verification }) => requireVerified(verification.authenticationInfo.userVerified),
    },
  })
}

function requireVerified(userVerified: boolean | undefined): void {
  if (userVerified === true) return
  throw new APIError('UNAUTHORIZED', {
    code: 'USER_NOT_VERIFIED',
    message: 'The passkey did not verify you. Nothing was changed. Set a PIN or fingerprint on the passkey first.',
  })
}

/** A challenge, as the passkey plugin stores it. */
const challenge = z.object({
  type: z.literal('authentication'),
  expectedChallenge: z.string(),
  userData: z.object({ id: z.string() }),
})

interface Answer {
  /** The stored challenge, which reading has deleted. */
  readonly kept: string
  readonly response: AuthenticationResponseJSON
  readonly origin: string
}

/** Whether a passkey of this person answered a challenge for this person, and verified the person. */
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
    // The library throws for any mismatch: another origin, another challenge, a lower counter.
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

function findPasskey(db: DatabaseHandle, credentialID: string) {
  return db.passkey.findUnique({
    where: { credentialID },
    select: { id: true, userId: true, credentialID: true, publicKey: true, counter: true },
  })
}

async function notePasskeyCounter(db: DatabaseHandle, id: string, counter: number): Promise<void> {
  await db.passkey.updateMany({ where: { id }, data: { counter } })
}

import 'server-only'
import { passkey } from '@better-auth/passkey'
import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from '@simplewebauthn/server'
import { APIError } from 'better-auth/api'
import { z } from 'zod'
import { findPasskey, notePasskeyCounter } from '~/server/auth/second-factor/passkey-rows'
import type { Deps } from '~/server/deps'

/** The plugin's own name for it. */
export const CHALLENGE_COOKIE = 'better-auth-passkey'

/** What passkeys are bound to: the name of the console's address (WebAuthn, 5.1.2). An IP address cannot have any. */
export const passkeyHost = (consoleUrl: string): string => new URL(consoleUrl).hostname

/**
 * A passkey stands for password and second factor, so the device has to have made sure of the person itself, by PIN or
 * finger. The library asks for that and does not insist on it; this does.
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
    message: 'The passkey did not make sure who you are. Nothing was changed; set a PIN or fingerprint on it first.',
  })
}

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

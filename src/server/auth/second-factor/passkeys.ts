import 'server-only'
import { passkey } from '@better-auth/passkey'
import { APIError } from 'better-auth/api'

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

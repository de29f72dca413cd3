import 'server-only'
import { twoFactor } from 'better-auth/plugins/two-factor'

/** Codes of an authenticator app, for who signs in with a password. A passkey stands for both factors by itself. */
export function secondFactor() {
  return twoFactor({
    issuer: 'Deploy Console',
    // Wrong codes in a row, over all sign-ins of the account; five within one (NIST SP 800-63B, 5.2.2).
    accountLockout: { maxFailedAttempts: 10, durationSeconds: 15 * 60 },
    backupCodeOptions: { amount: 10, length: 10, storeBackupCodes: 'encrypted' },
  })
}

/** The plugin's own name for the sign-in that waits for a code. */
export const PENDING_COOKIE = 'two_factor'

const NOT_BEGUN =
  'This sign-in expired, was already used, or started in another browser. You were not signed in. Sign in again.'

/**
 * Keyed by error code of the library or the console. The provider's own text is never shown: anybody can write an
 * address that carries one.
 */
const WORDS: Readonly<Record<string, string>> = {
  not_admitted:
    'The provider accepted your sign-in, but you have no account in this console. You were not signed in. Ask an admin for an invitation.',
  not_a_member: 'This account no longer has access to the console. You were not signed in. Ask an admin.',
  email_not_verified:
    'The provider has not verified your e-mail address. You were not signed in. Verify the address at the provider, then sign in again.',
  email_not_found:
    'The provider did not share your e-mail address. You were not signed in. Allow the provider to share it, or sign in another way.',
  account_not_linked:
    'An account with this e-mail address exists, but the provider is not connected to it. You were not signed in. Sign in another way, then connect the provider under “Account”.',
  state_mismatch: NOT_BEGUN,
  state_invalid: NOT_BEGUN,
  state_not_found: NOT_BEGUN,
  invalid_callback_request:
    'The provider’s answer was incomplete or contradictory. You were not signed in. Sign in again.',
  subject_mismatch:
    'The provider named two different people in one sign-in. You were not signed in, and the audit trail records the attempt. Sign in another way and tell an admin.',
  provider_silent: 'The provider did not answer in time. You were not signed in. Try again, or sign in another way.',
  provider_refused:
    'The provider refused the console’s request. You were not signed in. Sign in another way and tell the operator of this console: the log contains the provider’s error.',
  provider_answer_invalid:
    'The provider’s answer could not be verified. You were not signed in. Sign in another way and tell the operator of this console: the log contains the reason.',
  too_many_requests: 'Rate limit exceeded for this address. You were not signed in. Wait a minute, then sign in again.',
  not_completed:
    'The console could not complete the sign-in. You were not signed in. Try again, or sign in another way.',
  email_does_not_match:
    'Your e-mail address at the provider differs from the address of this account. The provider was not connected, and the audit trail records the attempt. Use a provider account with the same address.',
  unable_to_link_account:
    'The provider has not verified your e-mail address. The provider was not connected. Verify the address at the provider, then try again.',
  account_already_linked_to_different_user:
    'This provider account is connected to another account of this console. It was not connected again, and the audit trail records the attempt. Use another provider account.',
  access_denied: 'The provider denied access. You were not signed in. Try again, or sign in another way.',
}

/** Explains a failed sign-in at a provider; null if there was no failure. */
export function providerRefusal(code: string | string[] | undefined): string | null {
  if (code === undefined) return null
  const known = typeof code === 'string' ? WORDS[code] : undefined
  return known ?? 'The provider could not sign you in. Nothing was changed. Try again, or sign in another way.'
}

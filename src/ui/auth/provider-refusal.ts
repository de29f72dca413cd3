const NOT_BEGUN =
  'That sign-in did not begin in this browser, was used already, or took too long. Nobody was signed in; sign in again.'

/** Codes of the library and of the console. Never the provider's own words: the address can be made by anybody. */
const WORDS: Readonly<Record<string, string>> = {
  not_admitted:
    'The provider knows you, and the console does not: you are on no list and were not invited. Ask an admin for an invitation.',
  not_a_member: 'This account has no access to the console any more. Ask an admin.',
  email_not_verified: 'The provider has not verified your e-mail address, so the console cannot go by it.',
  email_not_found: 'The provider did not say what your e-mail address is. Let it, or sign in another way.',
  account_not_linked:
    'There is an account with this address already, and this identity of the provider is not connected to it. Nobody was signed in. Sign in another way, then connect the provider under “Account”.',
  state_mismatch: NOT_BEGUN,
  state_invalid: NOT_BEGUN,
  state_not_found: NOT_BEGUN,
  invalid_callback_request:
    'The provider’s answer was not complete, or said one thing twice. Nobody was signed in; sign in again.',
  subject_mismatch:
    'The provider named two different people in one sign-in. Nobody was signed in, and the audit trail has a row of it. Sign in another way, and tell an admin.',
  provider_silent:
    'The provider did not answer, or not in time. Nobody was signed in; try again, or sign in another way.',
  provider_refused:
    'The provider refused the console’s request. Nobody was signed in; sign in another way, and tell whoever runs the console. The log has the provider’s error.',
  provider_answer_invalid:
    'The provider’s answer could not be verified. Nobody was signed in; sign in another way, and tell whoever runs the console. The log says what was wrong.',
  too_many_requests: 'Too many requests from this address. Nobody was signed in; wait a minute, then sign in again.',
  not_completed: 'The console could not finish this sign-in. Nobody was signed in; try again, or sign in another way.',
  email_does_not_match:
    'The provider knows you under another address than this account has. It was not connected, and the audit trail has a row of it.',
  unable_to_link_account:
    'The provider has not verified your address. It was not connected; verify the address there first.',
  account_already_linked_to_different_user:
    'That identity of the provider is connected to another account. It was not connected to this one, and the audit trail has a row of it.',
  access_denied: 'The provider was told not to let you in here. Nobody was signed in.',
}

/** What to say of a sign-in that a provider sent back; null when there was none. */
export function providerRefusal(code: string | string[] | undefined): string | null {
  if (code === undefined) return null
  const known = typeof code === 'string' ? WORDS[code] : undefined
  return known ?? 'The provider could not sign you in. Nothing was changed; try again, or sign in another way.'
}

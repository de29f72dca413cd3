const NOT_BEGUN = 'That sign-in was not begun in this browser, or took too long. Begin again here.'

/** Codes of the library and of the console. Never the provider's own words: the address can be made by anybody. */
const WORDS: Readonly<Record<string, string>> = {
  not_admitted:
    'The provider knows you, and the console does not: you are on no list and were not invited. Ask an admin for an invitation.',
  not_a_member: 'This account has no access to the console any more. Ask an admin.',
  email_not_verified: 'The provider has not verified your e-mail address, so the console cannot go by it.',
  email_not_found: 'The provider did not say what your e-mail address is. Let it, or sign in another way.',
  account_not_linked:
    'There is an account with this address already. Sign in as you do otherwise, then connect the provider under “Account”.',
  state_mismatch: NOT_BEGUN,
  state_invalid: NOT_BEGUN,
  state_not_found: NOT_BEGUN,
  access_denied: 'The provider was told not to let you in here. Nobody was signed in.',
}

/** What to say of a sign-in that a provider sent back; null when there was none. */
export function providerRefusal(code: string | string[] | undefined): string | null {
  if (code === undefined) return null
  const known = typeof code === 'string' ? WORDS[code] : undefined
  return known ?? 'The provider could not sign you in. Nothing was changed; try again, or sign in another way.'
}

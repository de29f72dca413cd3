/** An identity provider. */
export interface ProviderView {
  readonly id: string
  readonly name: string
}

/** The header of every call that names the page's person (percent-encoded), because another person may have signed in in another window. */
export const PERSON_HEADER = 'x-console-person'

/** A session's activity is recorded at most this often. */
export const ACTIVITY_STEP_MS = 60_000

/**
 * Whether a new sign-in at the provider is a fresh proof. `never`: the provider does not say when it last asked for credentials.
 * `missing`: the provider was asked in this session and sent no recent proof.
 */
export type ProviderProof = 'possible' | 'never' | 'missing'

/** The parameters that make a provider ask for credentials again (OpenID Connect Core, 3.1.2.1). */
export const ASK_ANEW = { prompt: 'login', max_age: '0' } as const

/** How the signed-in person can prove again who they are. */
export interface ProofMethods {
  readonly password: boolean
  readonly passkey: boolean
  /** The sandbox operator has no password and no passkey, and confirms with a click. */
  readonly sandbox: boolean
  /** The connected providers, for a person who has neither. */
  readonly providers: readonly (ProviderView & { readonly proof: ProviderProof })[]
}

export interface PasskeyView {
  readonly id: string
  readonly name: string
  readonly createdAt: string | null
}

export interface SessionView {
  readonly id: string
  /** The browser's user agent. */
  readonly userAgent: string
  readonly address: string
  readonly activeAt: string
  readonly openedAt: string
  /** The session of this request. */
  readonly current: boolean
}

/** A person's own account. */
export interface AccountView {
  readonly name: string
  readonly email: string
  readonly password: boolean
  readonly secondFactor: boolean
  readonly passkeys: readonly PasskeyView[]
  /** The configured providers, and whether each can sign this account in. */
  readonly providers: readonly (ProviderView & { readonly connected: boolean })[]
  /** The current session first, then by last activity. */
  readonly sessions: readonly SessionView[]
}

const BROWSERS = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
  ['curl/', 'curl'],
] as const
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const

/** "Firefox on Linux". Order matters: most user agents also name browsers they are compatible with. */
export function browserWords(userAgent: string): string {
  const named = (names: readonly (readonly [string, string])[]) =>
    names.find(([mark]) => userAgent.includes(mark))?.[1] ?? null
  const [browser, system] = [named(BROWSERS), named(SYSTEMS)]
  if (browser === null) return 'Unknown browser'
  return system === null ? browser : `${browser} on ${system}`
}

import { z } from 'zod'
import { id, nameText } from '~/domain/input'

/** Somebody else who may say who a person is. */
export interface ProviderView {
  readonly id: string
  readonly name: string
}

/** With every call of a page: whose page it is, percent-encoded. Somebody else may have signed in in another tab since. */
export const PERSON_HEADER = 'x-console-person'

/** What a person does is written down this often at most. */
export const ACTIVITY_STEP_MS = 60_000

/**
 * Whether signing in once more at a provider is a proof of who it is. `never`: it does not say when it last asked the person.
 * `missing`: it was asked in this session, and proved nothing recent.
 */
export type ProviderProof = 'possible' | 'never' | 'missing'

/** What a sign-in sends a provider that has to ask the person anew (OpenID Connect Core, 3.1.2.1). */
export const ASK_ANEW = { prompt: 'login', max_age: '0' } as const

/** How the signed-in person can prove again who they are. */
export interface ProofMethods {
  readonly password: boolean
  readonly passkey: boolean
  /** The sandbox's own operator has neither; there a click is enough. */
  readonly sandbox: boolean
  /** Whom the person is connected with, for who has nothing else. */
  readonly providers: readonly (ProviderView & { readonly proof: ProviderProof })[]
}

export interface PasskeyView {
  readonly id: string
  readonly name: string
  readonly createdAt: string | null
}

export interface SessionView {
  readonly id: string
  /** As the browser called itself. */
  readonly userAgent: string
  readonly address: string
  readonly activeAt: string
  readonly openedAt: string
  /** The one that asks. */
  readonly current: boolean
}

/** What somebody sees of their own account. */
export interface AccountView {
  readonly name: string
  readonly email: string
  readonly password: boolean
  readonly secondFactor: boolean
  readonly passkeys: readonly PasskeyView[]
  /** Those that are configured, and whether they can sign this account in. */
  readonly providers: readonly (ProviderView & { readonly connected: boolean })[]
  /** This one first, then by what happened last. */
  readonly sessions: readonly SessionView[]
}

export const accountName = z.object({ name: nameText })
export const passkeyName = z.object({ id, name: nameText })
export const ownId = z.object({ id })

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

/** "Firefox on Linux": enough to know one's own again. Most browsers also name the ones they want to pass for. */
export function browserWords(userAgent: string): string {
  const named = (names: readonly (readonly [string, string])[]) =>
    names.find(([mark]) => userAgent.includes(mark))?.[1] ?? null
  const [browser, system] = [named(BROWSERS), named(SYSTEMS)]
  if (browser === null) return 'Unknown browser'
  return system === null ? browser : `${browser} on ${system}`
}

import 'server-only'

/** How somebody signed in, from the library's own name of the way. */
export function methodOf(path: string | undefined, provider: string | undefined): string {
  if (path === '/sign-in/email') return 'password'
  if (path === '/links/accept') return 'link'
  if (path === '/passkey/verify-authentication') return 'passkey'
  if (path?.startsWith('/two-factor/')) return path.endsWith('totp') ? 'second factor' : 'backup code'
  if (path?.startsWith('/callback/')) return provider ?? 'unknown'
  return (path ?? '').replace(/^\//, '').replaceAll('/', ' ') || 'unknown'
}

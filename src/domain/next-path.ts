/** An origin to parse a path against; nobody owns it (RFC 2606). */
const NOWHERE = 'http://console.invalid'

/** Never a target after sign-in: pages to sign in with, and addresses that are not pages. */
const NO_PAGES = ['/sign-in', '/setup', '/invite', '/api']

/**
 * Where to go after sign-in: a page of this console, or the grid. The parser is the browser's, so an address that a browser would take
 * for another site (`//x`, `/\x`, with tabs or line breaks) is refused.
 */
export function safeNextPath(asked: unknown): string {
  if (typeof asked !== 'string' || !asked.startsWith('/') || !URL.canParse(asked, NOWHERE)) return '/'
  const { origin, pathname, search, hash } = new URL(asked, NOWHERE)
  // A path that begins with two slashes is an address of another site once it stands alone.
  if (origin !== NOWHERE || pathname.startsWith('//')) return '/'
  if (NO_PAGES.some((page) => pathname === page || pathname.startsWith(`${page}/`))) return '/'
  return `${pathname}${search}${hash}`
}

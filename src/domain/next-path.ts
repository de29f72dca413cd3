/** Any origin will do to read a path with; nobody has this one (RFC 2606). */
const NOWHERE = 'http://console.invalid'

/** Where no one is sent after signing in: back to the door, or to an answer that is no page. */
const NO_PAGES = ['/sign-in', '/setup', '/invite', '/api']

/**
 * Where to go after signing in: a page of this console, or the grid. An address that a browser would read as another
 * site's (`//x`, `/\x`, with tabs or line breaks in it) never passes: the same parser decides that is the browser's.
 */
export function safeNextPath(asked: unknown): string {
  if (typeof asked !== 'string' || !asked.startsWith('/') || !URL.canParse(asked, NOWHERE)) return '/'
  const { origin, pathname, search, hash } = new URL(asked, NOWHERE)
  // A path that begins with two slashes is an address of another site once it stands alone.
  if (origin !== NOWHERE || pathname.startsWith('//')) return '/'
  if (NO_PAGES.some((page) => pathname === page || pathname.startsWith(`${page}/`))) return '/'
  return `${pathname}${search}${hash}`
}

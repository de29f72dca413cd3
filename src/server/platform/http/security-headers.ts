import 'server-only'

/**
 * What every answer carries, whatever answered: pages, API, files, errors. An answer that is no page (pages get
 * `pagePolicy`) may load, run, send and be framed by nothing, should a browser ever show it.
 */
export function securityHeaders(consoleUrl: string): readonly (readonly [string, string])[] {
  return [
    ['content-security-policy', "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    // Addresses of the console name deploys and filters: no other site hears of them.
    ['referrer-policy', 'same-origin'],
    ['permissions-policy', PERMISSIONS],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    // Only where TLS is known to be in front: over plain HTTP browsers ignore it (RFC 6797, 8.1).
    ...(consoleUrl.startsWith('https:') ? [['strict-transport-security', 'max-age=63072000'] as const] : []),
  ]
}

const UNUSED = ['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'magnetometer', 'microphone']
const PERMISSIONS = [
  ...[...UNUSED, 'midi', 'payment', 'usb'].map((feature) => `${feature}=()`),
  'publickey-credentials-create=(self)',
  'publickey-credentials-get=(self)',
].join(', ')

export interface PagePolicy {
  /** New for every answer. */
  readonly nonce: string
  /** React explains errors with `eval`, and Next's overlay brings styles of its own; only there. */
  readonly development: boolean
  /** Origins besides the console's own that a form, or where it is sent on to, may lead to. */
  readonly formTargets?: readonly string[]
}

/**
 * The policy of a page. Scripts run because they carry the nonce, or because one that does loaded them; styles are files of
 * the console. Nothing inline: React sets `style` through the DOM, which no policy is asked about, and the server renders
 * no such attribute.
 */
export function pagePolicy({ nonce, development, formTargets = [] }: PagePolicy): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    `style-src 'self'${development ? " 'unsafe-inline'" : ''}`,
    // The tab's icon is an SVG that the build may write into the script.
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
  ].join('; ')
}

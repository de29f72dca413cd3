import 'server-only'

/**
 * The headers of every answer: pages, API, files, errors. This content policy forbids everything, in case a browser shows an
 * answer that is not a page; pages get `pagePolicy`.
 */
export function securityHeaders(consoleUrl: string): readonly (readonly [string, string])[] {
  return [
    ['content-security-policy', "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    // The console's addresses contain deploy ids and filters, which other sites must not see.
    ['referrer-policy', 'same-origin'],
    ['permissions-policy', PERMISSIONS],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    // Browsers ignore HSTS over plain HTTP (RFC 6797, 8.1).
    ...(consoleUrl.startsWith('https:') ? [['strict-transport-security', 'max-age=63072000'] as const] : []),
  ]
}

/**
 * The headers of a badge or a feed (docs/adr/065). Other sites show them, so no policy keeps those from it. `sandbox`: a browser that is led to the
 * picture itself runs nothing of it in the console's origin.
 */
export const embedHeaders = (consoleUrl: string): readonly (readonly [string, string])[] => [
  ...securityHeaders(consoleUrl),
  [
    'content-security-policy',
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  ],
  ['cross-origin-resource-policy', 'cross-origin'],
  ['referrer-policy', 'no-referrer'],
]

const UNUSED = ['accelerometer', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'magnetometer', 'microphone']
const PERMISSIONS = [
  ...[...UNUSED, 'midi', 'payment', 'usb'].map((feature) => `${feature}=()`),
  'publickey-credentials-create=(self)',
  'publickey-credentials-get=(self)',
].join(', ')

export interface PagePolicy {
  /** Must be new for each answer. */
  readonly nonce: string
  /** In development, React uses `eval` to explain errors, and Next's overlay needs inline styles. */
  readonly development: boolean
  /** Other origins to which a form, or a redirect of its answer, may lead. */
  readonly formTargets?: readonly string[]
}

/**
 * The content policy of a page. Scripts need the nonce, or a script with the nonce loads them. Styles are files of the console;
 * React sets `style` through the DOM, which the policy does not cover.
 */
export function pagePolicy({ nonce, development, formTargets = [] }: PagePolicy): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    `style-src 'self'${development ? " 'unsafe-inline'" : ''}`,
    // The build may embed the tab's icon in a script as a data URL.
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

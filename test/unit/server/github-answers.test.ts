import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyAnswer, explainAnswer, type GitHubAnswer, type Verb } from '~/server/github/answers'
import { createGitHubRateLimit } from '~/server/github/rate-limit'
import { gitHubWebUrl } from '~/server/github/web-urls'

const NOW = Date.parse('2026-11-28T12:00:00Z')
const answer = (status: number | null, rest: Partial<GitHubAnswer> = {}): GitHubAnswer => ({
  status,
  headers: {},
  data: null,
  message: '',
  ofToken: false,
  ...rest,
})

const ALLOWED: Readonly<Record<Verb, readonly string[]>> = {
  look: ['accepted', 'refused', 'later', 'moved', 'gone', 'unauthorised', 'unknown'],
  resolve: ['accepted', 'refused', 'later', 'moved', 'gone', 'unauthorised', 'unknown'],
  dispatch: ['accepted', 'refused', 'later', 'moved', 'gone', 'unauthorised', 'unknown'],
  cancel: ['accepted', 'ended', 'refused', 'later', 'moved', 'unauthorised', 'unknown'],
  review: ['accepted', 'refused', 'later', 'moved', 'gone', 'unauthorised', 'unknown'],
}
const verbs = fc.constantFrom<Verb>('look', 'resolve', 'dispatch', 'cancel', 'review')
const headers = fc.record(
  {
    'retry-after': fc.constantFrom('', '0', '60', '-1', 'Wed, 21 Oct 2026 07:28:00 GMT', '99999999999999999999'),
    'x-ratelimit-remaining': fc.constantFrom('0', '1', 'x'),
    'x-ratelimit-reset': fc.constantFrom('1795867800', '', 'NaN', '1e300'),
    location: fc.constantFrom('https://api.github.com/repositories/1', ''),
    'content-type': fc.constantFrom('application/json; charset=utf-8', 'text/html'),
  },
  { requiredKeys: [] },
)
const generated = fc.record({
  status: fc.option(fc.integer({ min: 200, max: 599 })),
  headers,
  data: fc.constantFrom<unknown>(null, '', '<html>', {}, [], { workflow_run_id: 1 }),
  message: fc.constantFrom(
    '',
    'Bad credentials',
    'You have exceeded a secondary rate limit.',
    'API rate limit exceeded',
  ),
  ofToken: fc.boolean(),
})

describe("the table of GitHub's answers", () => {
  it('gives every answer an outcome of its request, and words that fit the request', () => {
    fc.assert(
      fc.property(verbs, generated, (verb, given) => {
        const outcome = classifyAnswer(verb, given, NOW)
        expect(ALLOWED[verb]).toContain(outcome.kind)
        const words = explainAnswer(verb, given, { repository: 'acme/platform' }, NOW)
        if (verb !== 'dispatch') expect(words).not.toMatch(/was started/)
        if (verb !== 'cancel') expect(words).not.toMatch(/cancel(led|lation)/)
        if (outcome.kind === 'unknown') expect(words).not.toMatch(/Nothing|not cancelled/)
        if (outcome.kind === 'later' && outcome.until !== null)
          expect(Number.isFinite(outcome.until.getTime())).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses only answers that GitHub documents as refusals, and accepts only documented successes', () => {
    fc.assert(
      fc.property(verbs, generated, (verb, given) => {
        const { kind } = classifyAnswer(verb, given, NOW)
        if (kind === 'refused' && !given.ofToken) expect([400, 403, 422]).toContain(given.status)
        if (kind !== 'accepted') return
        const documented = given.status === 204 || (typeof given.data === 'object' && given.data !== null)
        expect(documented).toBe(true)
        if (verb === 'dispatch') expect([200, 204]).toContain(given.status)
        if (verb === 'review') expect([given.status, Array.isArray(given.data)]).toEqual([200, true])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    [
      'a limit by headers',
      answer(403, { headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795869000' } }),
    ],
    ['a secondary limit with a time', answer(403, { headers: { 'retry-after': '60' } })],
    ['a secondary limit known only by its text', answer(403, { message: 'You have exceeded a secondary rate limit.' })],
    ['429', answer(429)],
  ])('treats %s as a rate limit with an end, for every request', (_, limited) => {
    for (const verb of ['look', 'resolve', 'dispatch', 'cancel', 'review'] as const) {
      expect(classifyAnswer(verb, limited, NOW)).toMatchObject({ kind: 'later', until: expect.any(Date) })
      expect(explainAnswer(verb, limited, { repository: 'acme/platform' }, NOW)).not.toMatch(/credentials/)
    }
  })

  it('treats an HTML page, a body that breaks off and no answer as unknown', () => {
    const html = answer(200, { headers: { 'content-type': 'text/html' }, data: '<html>' })
    const cut = answer(200, { headers: { 'content-type': 'application/json' }, data: '{"workflow' })
    for (const doubtful of [html, cut, answer(null), answer(502)]) {
      for (const verb of ['dispatch', 'review'] as const) expect(classifyAnswer(verb, doubtful).kind).toBe('unknown')
    }
  })

  it('names the address that a repository moved to, and the file to update', () => {
    const moved = answer(301, { headers: { location: 'https://api.github.com/repositories/7' } })
    expect(explainAnswer('dispatch', moved, { repository: 'acme/platform' })).toBe(
      'The repository acme/platform moved to https://api.github.com/repositories/7: update surfaces.yaml. Nothing was started.',
    )
  })
})

it('treats 409 and 422 as an unknown ref or commit, and not as proof of absence in other requests', () => {
  for (const status of [409, 422]) {
    expect(classifyAnswer('resolve', answer(status))).toEqual({ kind: 'gone' })
    expect(classifyAnswer('look', answer(status)).kind).not.toBe('gone')
    expect(classifyAnswer('resolve', answer(status, { ofToken: true }))).toEqual({ kind: 'refused' })
  }
})

/** A comparison of a status with a number, in either order, in a list or in a switch. */
const COMPARED =
  /status\w*\??\s*(?:[!=]==?|[<>]=?)\s*[1-5]\d\d\b|\b[1-5]\d\d\s*(?:[!=]==?|[<>]=?)\s*[\w.?]*status\b|\[\s*[1-5]\d\d\s*(,\s*[1-5]\d\d\s*)*,?\s*\]|\bcase\s+[1-5]\d\d\b/i

describe("the only classifier of GitHub's answers", () => {
  const root = path.resolve(import.meta.dirname, '../../../src/server')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('platform/generated/'),
  )
  // These compare statuses of delivery receivers or of the console itself.
  const OTHERS = [
    'auth/library/answer-auth.ts',

    'deliveries/send/post-outcome.ts',
    'platform/guarded-post.ts',
    'platform/proxy-tunnel.ts',
    'openapi/operation.ts',
  ]

  it("is the only file under src/server that compares GitHub's statuses", () => {
    const comparing = files.filter((file) => COMPARED.test(readFileSync(path.join(root, file), 'utf8')))
    expect(comparing.toSorted()).toEqual(['github/answers.ts', ...OTHERS].toSorted())
  })

  it.each([
    'if (answer.status === 404) return null',
    'error?.status !== 401',
    'response.status >= 500',
    'if (404 === answer.status)',
    '[409, 422].includes(status)',
    'new Set([400])',
    'case 422:',
    'httpStatus == 403',
  ])('is found again by this test in the line `%s`', (line) => {
    expect(line).toMatch(COMPARED)
  })
})

describe("the reserve of GitHub's requests", () => {
  const reset = NOW / 1000 + 600
  const left = (remaining: number) => {
    const rateLimit = createGitHubRateLimit(() => NOW)
    rateLimit.observe({
      status: 200,
      headers: {
        'x-ratelimit-limit': '5000',
        'x-ratelimit-remaining': String(remaining),
        'x-ratelimit-reset': `${reset}`,
      },
    })
    return (['background', 'people', 'running', 'act'] as const).filter(
      (purpose) => rateLimit.pausedUntil(new Date(NOW), purpose) === null,
    )
  }

  it("stops background looks at 30 % left, people's reads at 20 %, running deploys at 10 %, and dispatch and cancel at nothing", () => {
    expect(left(1500)).toEqual(['background', 'people', 'running', 'act'])
    expect(left(1499)).toEqual(['people', 'running', 'act'])
    expect(left(999)).toEqual(['running', 'act'])
    expect(left(499)).toEqual(['act'])
    expect(left(1)).toEqual(['act'])
    expect(left(0)).toEqual([])
  })

  it('pauses a minute after a secondary limit without a time', () => {
    const rateLimit = createGitHubRateLimit(() => NOW)
    rateLimit.observe({ status: 403, headers: {}, message: 'You have exceeded a secondary rate limit.' })
    expect(rateLimit.pausedUntil(new Date(NOW), 'act')).toEqual(new Date(NOW + 60_000))
    expect(rateLimit.pausedUntil(new Date(NOW + 60_000), 'background')).toBeNull()
  })
})

it.each([
  ['https://api.github.com', 'https://github.com'],
  ['https://api.acme.ghe.com', 'https://acme.ghe.com'],
  ['https://github.acme.example/api/v3', 'https://github.acme.example'],
])('the API at %s has its pages at %s', (api, web) => {
  expect(gitHubWebUrl(api)).toBe(web)
})

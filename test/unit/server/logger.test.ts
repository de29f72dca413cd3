import { expect, it } from 'vitest'
import { AppError } from '~/domain/errors'
import { inLogContext } from '~/server/platform/log-context'
import { createLogger } from '~/server/platform/logger'

/** What the logger writes, line by line. */
function recordedLogger() {
  const lines: Record<string, unknown>[] = []
  return { lines, logger: createLogger('debug', { write: (text: string) => void lines.push(JSON.parse(text)) }) }
}

/** As Octokit throws it. */
const refusalOfGitHub = Object.assign(new Error('Not Found'), {
  name: 'HttpError',
  status: 404,
  request: { url: 'https://api.github.com/x', headers: { authorization: 'token secret' } },
})
const refusedConnection = () =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })

it.each([
  ['a refusal of GitHub', refusalOfGitHub, { type: 'HttpError', status: 404 }],
  ['a connection that is refused', refusedConnection(), { type: 'TypeError', code: 'ECONNREFUSED' }],
  ['a refusal of the console', new AppError('github_refused', 'GitHub refused.'), { type: 'AppError' }],
  [
    'a database that is away',
    new AppError('database_unavailable', 'Away.', { cause: Object.assign(new Error('no'), { code: 'P1001' }) }),
    { type: 'AppError', code: 'database_unavailable' },
  ],
])('%s is logged without a stack, and without a secret', (_, err, expected) => {
  const { lines, logger } = recordedLogger()
  logger.warn({ err }, 'it failed')
  expect(lines[0]?.['err']).toMatchObject(expected)
  expect(lines[0]?.['err']).not.toHaveProperty('stack')
  expect(JSON.stringify(lines)).not.toContain('secret')
})

it.each([
  ['an unexpected error', new TypeError('x is not a function')],
  ['an internal error with its cause', new AppError('internal', 'Failed.', { cause: new TypeError('x is undefined') })],
])('%s is logged with its stack, because it may be a fault of the console', (_, err) => {
  const { lines, logger } = recordedLogger()
  logger.error({ err }, 'it failed')
  expect(lines[0]?.['err']).toMatchObject({ stack: expect.stringContaining('logger.test.ts') })
})

it('a line says for which request or job it was written, also after a wait, and other lines do not', async () => {
  const { lines, logger } = recordedLogger()
  const work = (requestId: string) =>
    inLogContext({ requestId }, async () => {
      await new Promise(setImmediate)
      logger.info('inside')
    })
  await Promise.all([work('one'), work('two')])
  logger.info('outside')
  expect(lines.map((line) => [line['msg'], line['requestId']])).toEqual([
    ['inside', 'one'],
    ['inside', 'two'],
    ['outside', undefined],
  ])
})

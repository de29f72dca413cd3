import pino from 'pino'
import { expect, it } from 'vitest'
import { connectGitHub } from '~/server/github/client'
import { startScriptedGitHub } from '~test/support/scripted-github'

it('a page that a proxy answers instead of GitHub is cut short in the error, and so in the log', async () => {
  const scripted = await startScriptedGitHub()
  const page = `<!doctype html>\n${'<p>Not here</p>\n'.repeat(500)}`
  scripted.script.around = () => ({ status: 404, text: page })
  const lines: string[] = []
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) })
  const github = connectGitHub(
    { apiUrl: scripted.apiUrl, credentials: { kind: 'token', token: 'test-token' } },
    pino({ level: 'silent' }),
  )
  try {
    const failure = await github
      .request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'platform' })
      .catch((error: unknown) => error)
    logger.warn({ err: failure }, 'failed')
  } finally {
    await scripted.close()
  }
  expect(lines.join('')).toContain('<!doctype html>')
  expect(lines.join('').length).toBeLessThan(4_000)
})

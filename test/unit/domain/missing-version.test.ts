import { describe, expect, it } from 'vitest'
import { type AnswerWithoutVersion, explainMissingVersion } from '~/domain/surface/missing-version'
import type { VersionSource } from '~/domain/surface/version'

const json = (body: unknown): AnswerWithoutVersion => ({ status: 200, contentType: 'application/json', body })
const page: AnswerWithoutVersion = { status: 200, contentType: 'text/html; charset=utf-8', body: undefined }
const at = (where: VersionSource['in'], place: string, url: string | null = null): VersionSource => ({
  url,
  in: where,
  at: place,
  is: 'commit',
})

describe('a surface that reports no version', () => {
  it.each<[string, VersionSource | null, AnswerWithoutVersion | null, string, string]>([
    ['does not answer', null, null, 'example.com does not answer,', 'Correct the address.'],
    ['answers with a page', null, page, 'answers with text/html, which is not JSON,', 'declare `version`'],
    [
      'has no such member',
      at('json', 'build.commit'),
      json({ status: 'ok', version: '1.4' }),
      'There is no member build (there are status, version) in the answer of example.com,',
      '`version.json`',
    ],
    [
      'has no such nested member',
      at('json', 'build.commit'),
      json({ build: { sha: 'x' } }),
      'There is no member commit in build (there are sha) in',
      '`version.json`',
    ],
    [
      'reports a tag without saying so',
      null,
      json({ version: 'v1.4.2' }),
      'The member version is "v1.4.2", which is not a commit in full,',
      'declare `version`',
    ],
    [
      'reports a number',
      at('json', 'version'),
      json({ version: 7 }),
      'The member version is not a text',
      '`version.json`',
    ],
    ['has no such header', at('header', 'x-version'), page, 'has no header x-version,', '`version.header`'],
    [
      'matches no expression',
      at('text', 'v(?<version>.+)'),
      page,
      'The regular expression finds nothing',
      '`version.text`',
    ],
    [
      'fails at the address of the version',
      at('json', 'version', 'https://example.com/version'),
      { ...json({}), status: 404 },
      'answers HTTP 404,',
      '`version.url`',
    ],
  ])('is told why when it %s', (_, source, answer, found, fix) => {
    const said = explainMissingVersion('example.com', source, answer)
    expect(said.found).toContain(found)
    expect(said.found).toContain('so a deploy cannot be compared with what runs.')
    expect(said.fix).toContain(fix)
  })
})

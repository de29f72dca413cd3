import { describe, expect, it } from 'vitest'
import { callbackBody, LOG_LINE_LIMIT } from '~/domain/deploy/callback'

describe('a callback body', () => {
  it('keeps a run id beyond 2^53 exact if it is a string of digits', () => {
    expect(callbackBody.parse({ status: 'building', run_id: '9007199254740993' }).run_id).toBe(9007199254740993n)
  })

  it('is refused with a run id that JSON has already rounded', () => {
    expect(callbackBody.safeParse(JSON.parse('{"status":"building","run_id":9007199254740993}')).success).toBe(false)
  })

  it.each(['0', '-1', '1.5', '1e3', ' 7', '99999999999999999999', ''])('is refused with the run id %j', (run_id) => {
    expect(callbackBody.safeParse({ status: 'building', run_id }).success).toBe(false)
  })

  it('measures a log line in bytes', () => {
    const fits = (log_line: string) => callbackBody.safeParse({ status: 'building', log_line }).success
    expect(fits('é'.repeat(LOG_LINE_LIMIT / 2))).toBe(true)
    expect(fits(`${'é'.repeat(LOG_LINE_LIMIT / 2)}.`)).toBe(false)
  })

  it('may have a failure_stage only with the status failed', () => {
    expect(callbackBody.safeParse({ status: 'failed', failure_stage: 'build_failed' }).success).toBe(true)
    expect(callbackBody.safeParse({ status: 'building', failure_stage: 'build_failed' }).success).toBe(false)
    expect(callbackBody.safeParse({ status: 'failed', failure_stage: 'tired' }).success).toBe(false)
  })

  it('keeps an unknown status and ignores unknown members', () => {
    expect(callbackBody.parse({ status: 'canary_started', colour: 'red' })).toEqual({ status: 'canary_started' })
  })

  it('replaces characters that PostgreSQL cannot store with visible placeholders', () => {
    const body = callbackBody.parse({ status: 'a\u0000', log_line: 'a\u0000b\ud800c – 🚀' })
    expect(body).toMatchObject({ status: 'a␀', log_line: 'a␀b�c – 🚀' })
  })
})

import { expect, it } from 'vitest'
import { describeAlarms, describeCancelRefusal } from '~/server/deploys/event-texts'

const written = (action: string) => ({ action, status: null, payload: { of: 'a newer version' } })

it.each([
  'console.deploy.runs_duplicated',
  'console.deploy.run_mismatch',
  'console.deploy.other_commit_reported',
  'console.deploy.other_version_runs',
  'console.deploy.record_disagrees',
])('an alarm with unreadable details is still a warning: %s', (action) => {
  expect(describeAlarms([written(action)])).toEqual([expect.stringContaining(action)])
})

it('an unreadable refusal still says that the deploy was not cancelled', () => {
  const [said] = describeCancelRefusal([written('console.deploy.cancel_refused')])
  expect(said).toContain('This deploy was not cancelled and continues.')
  expect(describeCancelRefusal([written('console.deploy.cancel_delayed')])).toHaveLength(1)
})

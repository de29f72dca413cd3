import { createHmac, randomBytes } from 'node:crypto'
import { text } from '~/sandbox/http/answer'
import { sameSecret } from '~/sandbox/http/incoming-request'
import type { Route } from '~/sandbox/http/router'
import { findJob, type RunStore } from '~/sandbox/runs/run-store'

/** GitHub's links to logs are valid for one minute and need no token. */
const VALID_S = 60

export interface LogLinks {
  /** The address of a job's log, for one minute. */
  readonly linkTo: (jobId: number) => string
  readonly route: Route
}

export const createLogLinks = (web: string, store: RunStore, now: () => number = Date.now): LogLinks => {
  const key = randomBytes(32)
  const signature = (job: string, until: string): string =>
    createHmac('sha256', key).update(`${job} ${until}`).digest('hex')
  return {
    linkTo: (jobId) => {
      const until = String(Math.floor(now() / 1000) + VALID_S)
      return `${web}/_services/logs/${jobId}?se=${until}&sig=${signature(String(jobId), until)}`
    },
    route: {
      method: 'GET',
      pattern: '/_services/logs/:job',
      handle: ({ param, query }) => {
        const until = query.get('se') ?? ''
        const isValid = sameSecret(query.get('sig') ?? '', signature(param('job'), until))
        if (!isValid || now() / 1000 > Number(until)) return text(403, 'The link is not valid, or has expired.\n')
        const found = findJob(store, Number(param('job')))
        if (found === undefined) return text(404, 'There is no such log.\n')
        const lines = store.readLog(found.run, found.job.id)
        return text(200, lines.map(({ at, line }) => `${at} ${line}\n`).join(''), {
          'x-content-type-options': 'nosniff',
        })
      },
    },
  }
}

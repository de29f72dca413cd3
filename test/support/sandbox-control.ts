import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { Behaviour } from '~/sandbox/surfaces/behaviour'
import type { Product } from '~test/support/start-product'

const listening = z.object({ url: z.string(), token: z.string() })
const startedRun = z.object({ workflow_run_id: z.number() })
const statusSchema = z.object({
  surfaces: z.array(z.object({ id: z.string(), version: z.string().nullable() })),
  waiting: z.array(z.object({ run: z.number() })),
})

/** Does what a person does on the sandbox's control page. */
export function sandboxControl(product: Pick<Product, 'dataDir'>) {
  const { url, token } = listening.parse(
    JSON.parse(readFileSync(path.join(product.dataDir, 'sandbox/sandbox.json'), 'utf8')),
  )
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    // In this version, GitHub answers a dispatch with the run's id.
    'x-github-api-version': '2026-03-10',
  }
  const send = async (address: string, body: unknown, method = 'POST'): Promise<Response> => {
    const answer = await fetch(`${url}${address}`, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status} to ${address}: ${await answer.text()}`)
    return answer
  }
  const post = async (address: string, body: unknown, method?: string): Promise<void> => {
    await send(address, body, method)
  }
  const actions = (repository: string): string => `/api/v3/repos/${repository}/actions`
  return {
    /** Makes a run wait before this step of a workflow until it is resumed. */
    pause: (step: string) => post('/control/pauses', { step, paused: true }),
    resume: (step: string) => post('/control/pauses', { step, paused: false }),
    behave: (surface: string, behaviour: Behaviour) => post(`/control/surfaces/${surface}`, { behaviour }),
    /** Makes GitHub answer the next dispatch with this status. With `after`, GitHub accepts the dispatch first. */
    failDispatch: (status: number, after = false) =>
      post('/control/faults', {
        endpoint: 'POST /actions/workflows/:workflow/dispatches',
        kind: 'status',
        status,
        after,
      }),
    /** Starts a run that the console does not know, like `gh workflow run`, and returns its id. */
    runByHand: async (
      workflow: string,
      inputs: Readonly<Record<string, string>>,
      repository = 'acme/platform',
    ): Promise<number> => {
      const address = `${actions(repository)}/workflows/${workflow}/dispatches`
      return startedRun.parse(await (await send(address, { ref: 'main', inputs })).json()).workflow_run_id
    },
    rerun: (run: string, repository: string) => post(`${actions(repository)}/runs/${run}/rerun`, {}),
    cancelRun: (run: number, repository: string) => post(`${actions(repository)}/runs/${run}/cancel`, {}),
    /** Sets the rules of an environment of acme/storefront: minutes, and logins of whom one has to approve. */
    protect: (environment: string, rules: { readonly minutes: number; readonly reviewers: readonly string[] }) =>
      post(`/control/environments/${environment}`, {
        wait_timer: rules.minutes,
        reviewers: rules.reviewers.join(','),
      }),
    /** Sets how long the workflows wait until a surface is healthy. */
    healthCheckFor: (seconds: number) =>
      post('/api/v3/repos/acme/platform/actions/variables/HEALTH_CHECK_SECONDS', { value: String(seconds) }, 'PATCH'),
    /** Reviews every run that waits, as a person on GitHub does, or starts its jobs, as an administrator there may. */
    review: async (state: 'approved' | 'rejected' | 'started'): Promise<void> => {
      const { waiting } = statusSchema.parse(await (await fetch(`${url}/control/status`, { headers })).json())
      for (const { run } of waiting) await post('/control/reviews', { run, state })
    },
    freeze: (reason: string) => post('/control/freeze', { reason }),
    /** What the sample surface itself reports as its version. */
    versionOf: async (surface: string): Promise<string> => {
      const answer = await fetch(`${url}/surfaces/${surface}/version`)
      return z.object({ version: z.string() }).parse(await answer.json()).version
    },
    status: async () => statusSchema.parse(await (await fetch(`${url}/control/status`, { headers })).json()),
  }
}

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

// `npm run renew:github-description`: takes what the tests compare from GitHub's published description, which is 400 MB
// in all its versions, and writes it beside this file.

/** Renew the description by raising this version. */
const PACKAGE = '@octokit/openapi@23.0.2'
const NAMES = ['api.github.com', 'ghes-3.19'] as const

const R = '/repos/{owner}/{repo}'
/** The addresses that the sandbox serves. */
const ADDRESSES = [
  '/meta',
  '/rate_limit',
  R,
  `${R}/actions/concurrency_groups`,
  `${R}/actions/concurrency_groups/{concurrency_group_name}`,
  `${R}/actions/jobs/{job_id}`,
  `${R}/actions/jobs/{job_id}/logs`,
  `${R}/actions/runs`,
  `${R}/actions/runs/{run_id}`,
  `${R}/actions/runs/{run_id}/approvals`,
  `${R}/actions/runs/{run_id}/attempts/{attempt_number}`,
  `${R}/actions/runs/{run_id}/attempts/{attempt_number}/jobs`,
  `${R}/actions/runs/{run_id}/cancel`,
  `${R}/actions/runs/{run_id}/concurrency_groups`,
  `${R}/actions/runs/{run_id}/force-cancel`,
  `${R}/actions/runs/{run_id}/jobs`,
  `${R}/actions/runs/{run_id}/pending_deployments`,
  `${R}/actions/runs/{run_id}/rerun`,
  `${R}/actions/variables`,
  `${R}/actions/variables/{name}`,
  `${R}/actions/workflows`,
  `${R}/actions/workflows/{workflow_id}`,
  `${R}/actions/workflows/{workflow_id}/dispatches`,
  `${R}/actions/workflows/{workflow_id}/runs`,
  `${R}/branches`,
  `${R}/branches/{branch}`,
  `${R}/commits`,
  `${R}/commits/{ref}`,
  `${R}/commits/{ref}/check-runs`,
  `${R}/commits/{ref}/status`,
  `${R}/compare/{basehead}`,
  `${R}/contents/{path}`,
  `${R}/deployments`,
  `${R}/deployments/{deployment_id}`,
  `${R}/deployments/{deployment_id}/statuses`,
  `${R}/environments`,
  `${R}/environments/{environment_name}`,
  `${R}/git/matching-refs/{ref}`,
  `${R}/git/ref/{ref}`,
  `${R}/git/tags/{tag_sha}`,
  `${R}/pulls`,
  `${R}/tags`,
]
/** The events that the console reads or the sandbox sends. */
const EVENTS =
  /^(check-run|check-suite|deployment|deployment-review|deployment-status|installation|installation-repositories|ping|push|repository|status|workflow-job|workflow-run)(-(archived|completed|created|edited|in-progress|privatized|publicized|queued|renamed|requested|transferred|waiting|approved|rejected|added|removed|suspend|unsuspend|deleted))*$/

const description = z.object({
  /** Bodies of requests are left out: only answers and events are compared. */
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.unknown() }))),
  'x-webhooks': z.record(z.string(), z.unknown()).optional(),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
})

/** Members that no test compares. */
const SKIPPED = new Set([
  ...['description', 'title', 'summary', 'example', 'examples', 'externalDocs', 'discriminator', 'parameters'],
  ...['tags', 'operationId', 'headers', 'servers', 'deprecated', 'default', 'x-github'],
])

/** Leaves out what no test compares; the members of `properties` are names, so all of them stay. */
const trim = (value: unknown, names = false): unknown => {
  if (Array.isArray(value)) return value.map((inner) => trim(inner))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => names || !SKIPPED.has(key))
  return Object.fromEntries(kept.map(([key, inner]) => [key, trim(inner, !names && key === 'properties')]))
}

const REFERENCE = /"#\/components\/([^/"]+)\/([^"]+)"/g

const pick = (whole: z.infer<typeof description>): unknown => {
  const entries = (from: object, wanted: (key: string) => boolean) =>
    Object.fromEntries(Object.entries(from).flatMap(([key, value]) => (wanted(key) ? [[key, trim(value)]] : [])))
  const paths = entries(whole.paths, (key) => ADDRESSES.includes(key))
  const webhooks = entries(whole['x-webhooks'] ?? {}, (key) => EVENTS.test(key))
  const components: Record<string, Record<string, unknown>> = {}
  const follow = (value: unknown): void => {
    for (const [, kind = '', name = ''] of JSON.stringify(value).matchAll(REFERENCE)) {
      if (components[kind]?.[name] !== undefined) continue
      const found = trim(whole.components[kind]?.[name])
      components[kind] = { ...components[kind], [name]: found }
      follow(found)
    }
  }
  follow([paths, webhooks])
  return { package: PACKAGE, paths, webhooks, components }
}

/** One line for each address, event and component, so that a change of GitHub's shows as a small difference. */
const print = (value: unknown, depth = 0): string => {
  if (depth === 3 || typeof value !== 'object' || value === null) return JSON.stringify(value)
  const lines = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${print(inner, depth + 1)}`)
  return `{\n${lines.join(',\n')}\n}`
}

const folder = mkdtempSync(path.join(tmpdir(), 'github-description-'))
try {
  const packed = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: folder, encoding: 'utf8' }).trim()
  for (const name of NAMES) {
    const member = `package/generated/${name}.json`
    execFileSync('tar', ['-xzf', packed, member], { cwd: folder })
    const whole = description.parse(JSON.parse(readFileSync(path.join(folder, member), 'utf8')))
    writeFileSync(fileURLToPath(new URL(`${name}.json`, import.meta.url)), `${print(pick(whole))}\n`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

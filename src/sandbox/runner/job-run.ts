import { mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { ContextValue } from '~/sandbox/runner/expressions'
import type { Mask } from '~/sandbox/runner/mask'
import type { IdTokenGrant, RunEvent, RunRequest } from '~/sandbox/runner/types'

export type JobStatus = 'success' | 'failure' | 'cancelled'

/** One job while it runs: where it lives, what it may see, and what its steps have changed so far. */
export interface JobRun {
  readonly id: string
  readonly request: RunRequest
  readonly workspace: string
  readonly temp: string
  readonly home: string
  readonly github: Readonly<Record<string, ContextValue>>
  readonly runner: Readonly<Record<string, string>>
  readonly inputs: Readonly<Record<string, ContextValue>>
  readonly vars: Readonly<Record<string, string>>
  readonly needs: Readonly<Record<string, ContextValue>>
  /** What it asks GitHub for tokens with, if it may. */
  readonly idTokens: IdTokenGrant | undefined
  readonly mask: Mask
  readonly observe: (event: RunEvent) => void
  /** The run was cancelled, or the job ran out of time. */
  readonly signal: AbortSignal
  /** Even steps that insist on running after a cancellation must end now. */
  readonly deadline: AbortSignal
  readonly groups: Set<number>
  status: JobStatus
  /** `env` of workflow and job, then whatever steps wrote to GITHUB_ENV. */
  env: Record<string, string>
  /** Directories steps wrote to GITHUB_PATH, newest first. */
  path: readonly string[]
}

export type JobPlaces = Pick<JobRun, 'workspace' | 'temp' | 'home' | 'github' | 'runner'>

/** Makes the directories of a job and describes them the way GitHub's runner does. */
export async function prepareJobPlaces(
  request: RunRequest,
  jobId: string,
  github: Readonly<Record<string, ContextValue>>,
): Promise<JobPlaces> {
  const base = path.join(request.workDir, jobId)
  const workspace = path.join(base, 'work', request.repository.name, request.repository.name)
  const temp = path.join(base, '_temp')
  const home = path.join(base, 'home')
  const tools = path.join(base, '_tool')
  const eventPath = path.join(temp, '_github_workflow', 'event.json')
  for (const directory of [workspace, path.dirname(eventPath), home, tools]) await mkdir(directory, { recursive: true })
  await writeFile(eventPath, JSON.stringify(github['event']))
  return {
    workspace,
    temp,
    home,
    github: { ...github, event_path: eventPath, job: jobId, workspace },
    runner: {
      arch: process.arch === 'arm64' ? 'ARM64' : 'X64',
      environment: 'self-hosted',
      name: os.hostname(),
      os: process.platform === 'darwin' ? 'macOS' : 'Linux',
      temp,
      tool_cache: tools,
    },
  }
}

import type { ContextValue } from '~/sandbox/runner/expressions'
import type { RunRequest } from '~/sandbox/runner/types'

/** The `github` context of a run, before a job adds its own part. https://docs.github.com/actions/reference/contexts-reference */
export function githubContext(
  request: RunRequest,
  workflowName: string,
  inputs: Readonly<Record<string, string>>,
): Readonly<Record<string, ContextValue>> {
  const { owner, name } = request.repository
  const repository = `${owner}/${name}`
  const refType = request.refType ?? 'branch'
  const ref = `refs/${refType === 'tag' ? 'tags' : 'heads'}/${request.refName}`
  return {
    actor: request.actor,
    api_url: request.apiUrl,
    base_ref: '',
    event: {
      inputs: { ...inputs },
      ref,
      repository: { name, full_name: repository, owner: { login: owner } },
      sender: { login: request.actor },
      workflow: request.workflowPath,
    },
    event_name: request.event.name,
    graphql_url: `${request.apiUrl}/graphql`,
    head_ref: '',
    ref,
    ref_name: request.refName,
    ref_type: refType,
    repository,
    repository_owner: owner,
    run_attempt: String(request.runAttempt),
    run_id: String(request.runId),
    run_number: String(request.runNumber),
    server_url: request.serverUrl,
    sha: request.sha,
    token: request.secrets['GITHUB_TOKEN'] ?? '',
    triggering_actor: request.actor,
    workflow: workflowName,
    workflow_ref: `${repository}/${request.workflowPath}@${ref}`,
    workflow_sha: request.sha,
  }
}

/** `inputs` keeps the declared type, `github.event.inputs` is text throughout: GitHub's own distinction. */
export function inputsContext(
  declared: readonly { readonly name: string; readonly type: string }[],
  inputs: Readonly<Record<string, string>>,
): Readonly<Record<string, ContextValue>> {
  return Object.fromEntries(
    declared.map(({ name, type }) => {
      const value = inputs[name] ?? ''
      return [name, type === 'boolean' ? value === 'true' : type === 'number' && value !== '' ? Number(value) : value]
    }),
  )
}

/** The GITHUB_* variables of a step: the context's texts, except the token and what GitHub keeps out of the environment. */
export function githubVariables(context: Readonly<Record<string, ContextValue>>): Record<string, string> {
  const variables: Record<string, string> = { CI: 'true', GITHUB_ACTIONS: 'true' }
  for (const [key, value] of Object.entries(context)) {
    if (typeof value === 'string' && key !== 'token') variables[`GITHUB_${key.toUpperCase()}`] = value
  }
  return variables
}

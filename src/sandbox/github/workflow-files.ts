import { parse } from 'yaml'
import { z } from 'zod'
import { listFolder, readBlob } from '~/sandbox/git/read-blob'
import { resolveNamedRef } from '~/sandbox/git/refs'
import type { Repository } from '~/sandbox/git/repository'
import { workflowId } from '~/sandbox/runs/ids'

export interface WorkflowEntry {
  readonly id: number
  readonly path: string
  readonly file: string
}

const FOLDER = '.github/workflows'

/** GitHub knows the workflows of the default branch. */
export const listWorkflows = async (repository: Repository): Promise<WorkflowEntry[]> => {
  const head = await resolveNamedRef(repository, repository.defaultBranch)
  if (!head) return []
  const paths = await listFolder(repository, head.sha, FOLDER)
  return paths
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => ({ id: workflowId(path), path, file: path.slice(FOLDER.length + 1) }))
}

/** By numeric id or by file name, as the REST API takes either. */
export const findWorkflow = async (repository: Repository, idOrFile: string): Promise<WorkflowEntry | undefined> => {
  const workflows = await listWorkflows(repository)
  return workflows.find(({ id, file }) => file === idOrFile || String(id) === idOrFile)
}

const named = z.object({ name: z.string().min(1) })

const parseYaml = (text: string): unknown => {
  try {
    const value: unknown = parse(text)
    return value
  } catch {
    return undefined
  }
}

/** The `name:` of a workflow, or its path when it has none or is no YAML: GitHub lists it all the same. */
export const workflowName = async (repository: Repository, path: string): Promise<string> => {
  const text = await readBlob(repository, `refs/heads/${repository.defaultBranch}`, path)
  const parsed = named.safeParse(parseYaml(text ?? ''))
  return parsed.success ? parsed.data.name : path
}

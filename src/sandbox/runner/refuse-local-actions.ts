import path from 'node:path'
import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token'
import { actionFileNames, readActionFile } from '~/sandbox/runner/action-file'
import { readCommittedFile } from '~/sandbox/runner/committed-file'
import { localActions, unsupportedInAction } from '~/sandbox/runner/refuse-unsupported'
import type { RunRequest, UnsupportedConstruct } from '~/sandbox/runner/types'

/**
 * Looks into the local actions as they are at the run's commit, so that a run is refused whole instead of half way.
 * An action that is not there is left to its step: on GitHub too, the checkout of that step's job decides.
 */
export async function refusedLocalActions(
  request: RunRequest,
  root: TemplateToken,
): Promise<readonly UnsupportedConstruct[]> {
  const seen = new Set<string>()
  const inspect = async (token: TemplateToken): Promise<readonly UnsupportedConstruct[]> => {
    const found: UnsupportedConstruct[] = []
    for (const uses of localActions(token)) {
      if (seen.has(uses)) continue
      seen.add(uses)
      const text = await readCommittedAction(request, uses)
      if (text === undefined) continue
      const reading = readActionFile(`${uses}/action.yml`, text)
      if ('using' in reading) found.push({ construct: `an action that runs with '${reading.using}'`, place: uses })
      if ('action' in reading) {
        found.push(...unsupportedInAction(reading.action.root, uses), ...(await inspect(reading.action.root)))
      }
    }
    return found
  }
  return await inspect(root)
}

async function readCommittedAction(request: RunRequest, uses: string): Promise<string | undefined> {
  for (const name of actionFileNames) {
    const text = await readCommittedFile(
      request.repository.gitDir,
      request.sha,
      path.posix.normalize(`${uses}/${name}`),
    )
    if (text !== undefined) return text
  }
  return undefined
}

import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import type { Deps } from '~/server/deps'
import { connectGitHub } from '~/server/github/client'
import { OPERATOR } from '~test/support/actors'
import type { modelGitHub } from '~test/support/model-github'
import { type Answer, answers, type startScriptedGitHub } from '~test/support/scripted-github'
import type { Dispatch } from './deploy-actions'

export interface World {
  readonly deps: Deps
  readonly github: Awaited<ReturnType<typeof startScriptedGitHub>>
  readonly model: ReturnType<typeof modelGitHub>
}

type Input = Parameters<typeof dispatchDeploy>[2]

/** Makes the first dispatch of a life, with what happens to it. */
export async function firstDispatch(world: World, dispatch: Dispatch, input: Input): Promise<void> {
  const { deps, github } = world
  github.script.onDispatch = answerTo(world, dispatch)
  if (dispatch === 'console crashed before it asked') return abandoned(deps, input, false)
  if (dispatch === 'accepted, console crashed before it could record it') return abandoned(deps, input, true)
  await dispatchDeploy(deps, OPERATOR, input)
}

function answerTo(world: World, dispatch: Dispatch) {
  switch (dispatch) {
    case 'accepted without a run id':
      return world.model.accepting({ status: 204 })
    case 'accepted, answered 502':
      return world.model.accepting(answers.serverError(502))
    case 'accepted, connection lost':
      return world.model.accepting('hang up')
    case 'answered 500':
      return (): Answer => answers.serverError(500)
    case 'refused':
      return (): Answer => ({ status: 422, body: { message: 'No ref found for: main' } })
    default:
      return world.model.accepting()
  }
}

/** Dispatches in a process that stops at its call to GitHub, which leaves the deploy as a crash would. */
async function abandoned(deps: Deps, input: Input, asks: boolean): Promise<void> {
  const github = connectGitHub(
    { apiUrl: deps.config.githubApiUrl, credentials: deps.config.githubCredentials },
    deps.logger,
  )
  await new Promise<void>((resolve, reject) => {
    github.hook.wrap('request', async (request, options) => {
      // Earlier reads, such as the commit of the ref, are answered.
      if (options.method !== 'POST') return request(options)
      if (asks) await request(options)
      resolve()
      return new Promise<never>(() => {})
    })
    dispatchDeploy({ ...deps, github }, OPERATOR, input).catch(reject)
  })
}

import path from 'node:path'
import { fullNameOf, type Repository } from '~/sandbox/git/repository'
import { openRepository } from '~/sandbox/samples/create-repository'
import { people, tokenOwner } from '~/sandbox/samples/people'
import { platformHistory, type SampleHistory } from '~/sandbox/samples/platform-history'
import { storefrontHistory } from '~/sandbox/samples/storefront-history'
import type { SandboxConfig, SurfaceDeclaration } from '~/sandbox/state/config'
import { type Environments, openEnvironments } from '~/sandbox/state/environments'
import { openVariables, reportingVariables, type Variables } from '~/sandbox/state/variables'

interface SampleRepository {
  readonly id: number
  readonly description: string
  readonly history: SampleHistory
}

export const PLATFORM = 'acme/platform'
export const STOREFRONT = 'acme/storefront'

const samples: Readonly<Record<string, SampleRepository>> = {
  [PLATFORM]: { id: 642_118_309, description: 'Everything Acme ships', history: platformHistory },
  [STOREFRONT]: { id: 701_553_846, description: 'What customers see', history: storefrontHistory },
}

export const historyOf = (repository: Repository): SampleHistory | undefined => samples[fullNameOf(repository)]?.history

/** Opens acme/platform, which runs the workflows of `checkout`, and acme/storefront, which has its own. */
const openRepositories = (dir: string, checkout: string, now: Date): Promise<Repository[]> =>
  Promise.all(
    Object.entries(samples).map(([fullName, sample]) => {
      const [owner = '', name = ''] = fullName.split('/')
      const own = path.join(import.meta.dirname, name)
      return openRepository(dir, { ...sample, owner, name, checkout: fullName === PLATFORM ? checkout : own }, now)
    }),
  )

/** A repository with what its runs are given. */
export interface SandboxRepository {
  readonly repository: Repository
  readonly variables: Variables
  readonly environments: Environments
  readonly secrets: Readonly<Record<string, string>>
  /** The variables of each of its environments. */
  readonly environmentVariables: () => Readonly<Record<string, Readonly<Record<string, string>>>>
}

interface RepositoriesOptions {
  readonly config: SandboxConfig
  readonly web: string
  readonly deployHookToken: string
}

/** The name of a surface's repository. A surface of a repository that the sandbox does not have runs from acme/platform. */
export const repositoryOfSurface = ({ repository }: SurfaceDeclaration): string =>
  repository === STOREFRONT ? STOREFRONT : PLATFORM

/** Opens the repositories by their full names. acme/storefront has no address or secret of the console. */
export const openSandboxRepositories = async (
  options: RepositoriesOptions,
): Promise<ReadonlyMap<string, SandboxRepository>> => {
  const { config, web, deployHookToken } = options
  const addressOf = ({ id }: SurfaceDeclaration): string => `${web}/surfaces/${id}`
  const surfacesOf = (name: string) => config.surfaces.filter((surface) => repositoryOfSurface(surface) === name)
  const shop = surfacesOf(STOREFRONT)[0]
  const given: Readonly<Record<string, Omit<SandboxRepository, 'repository'>>> = {
    [PLATFORM]: {
      variables: openVariables(path.join(config.dir, 'variables.json'), reportingVariables(config.consoleUrl)),
      secrets: { DEPLOY_CALLBACK_HMAC_SECRET: config.callbackSecret, DEPLOY_HOOK_TOKEN: deployHookToken },
      environments: openEnvironments(path.join(config.dir, 'environments.json'), {
        staging: { waitTimer: 0, reviewers: [] },
        production: { waitTimer: 0, reviewers: [] },
      }),
      environmentVariables: () => platformEnvironments(surfacesOf(PLATFORM), addressOf),
    },
    [STOREFRONT]: {
      variables: openVariables(
        path.join(config.dir, 'storefront-variables.json'),
        shop === undefined ? {} : { SHOP_URL: addressOf(shop), PAUSED_REGION: 'none' },
      ),
      secrets: { SHOP_DEPLOY_TOKEN: deployHookToken },
      environments: openEnvironments(path.join(config.dir, 'storefront-environments.json'), {
        preview: { waitTimer: 0, reviewers: [] },
        live: { waitTimer: 0, reviewers: [people.mei.login, tokenOwner.login] },
      }),
      environmentVariables: () => ({}),
    },
  }
  const repositories = await openRepositories(config.dir, config.workflowsDir, new Date())
  return new Map(
    repositories.flatMap((repository) => {
      const own = given[fullNameOf(repository)]
      return own === undefined ? [] : [[fullNameOf(repository), { repository, ...own }] as const]
    }),
  )
}

/** `deploy-customer-docs.yml` reads its surface's URL from `CUSTOMER_DOCS_SURFACE_URL`. */
const surfaceVariable = (workflow: string): string =>
  `${workflow
    .replace(/^deploy-/, '')
    .replace(/\.ya?ml$/, '')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()}_SURFACE_URL`

const platformEnvironments = (
  surfaces: readonly SurfaceDeclaration[],
  addressOf: (surface: SurfaceDeclaration) => string,
): Record<string, Record<string, string>> => {
  const environments: Record<string, Record<string, string>> = {}
  for (const surface of surfaces) {
    const variable = { [surfaceVariable(surface.workflow)]: addressOf(surface) }
    environments[surface.environment] = { ...environments[surface.environment], ...variable }
  }
  return environments
}

import type { DeployView } from '~/domain/deploy'
import { getDeploy } from '~/server/deploys/get-deploy'
import type { Deps } from '~/server/deps'

/** What the modal shows of a deploy. */
export const viewDeploy = async (deps: Deps, id: string): Promise<DeployView> => (await getDeploy(deps, id)).view

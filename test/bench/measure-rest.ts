import { createTestDatabase } from '~test/support/database'
import { restHours } from '~test/support/rest-hours'
import { sumOf } from '~test/support/resting-github'

export interface RestFigures {
  /** Requests per hour that GitHub received, including those answered 304. */
  readonly pollingPerHour: number
  readonly webhooksPerHour: number
  /** The share of the requests without webhooks that was answered 304. */
  readonly pollingUnchanged: number
}

export interface RestSize {
  readonly repositories: number
  readonly pollingHours: number
  readonly webhookHours: number
}

/** Two surfaces in each repository, two workers and no deploys, with an accelerated clock. */
export async function measureRest(
  server: string,
  { repositories, pollingHours, webhookHours }: RestSize,
): Promise<RestFigures> {
  const rest = async (options: { readonly webhooks: boolean; readonly hours: number }) => {
    const database = await createTestDatabase(server)
    try {
      return await restHours(database.url, { repositories, ...options })
    } finally {
      await database.drop()
    }
  }
  const polling = await rest({ webhooks: false, hours: pollingHours })
  const webhooks = await rest({ webhooks: true, hours: webhookHours })
  return {
    pollingPerHour: Math.round(sumOf(polling.requests) / pollingHours),
    webhooksPerHour: Math.round(sumOf(webhooks.requests) / webhookHours),
    pollingUnchanged: sumOf(polling.unchanged) / sumOf(polling.requests),
  }
}

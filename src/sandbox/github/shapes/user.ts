import type { Urls } from '~/sandbox/github/endpoint'
import { type Person, personByEmail, personByLogin, tokenOwner } from '~/sandbox/samples/people'

const nodeId = (kind: string, id: number): string => Buffer.from(`${kind}${id}`).toString('base64url')

/** An account, in the form that GitHub embeds in every object. */
export const userShape = (urls: Urls, person: Pick<Person, 'login' | 'id'>, type: 'User' | 'Organization' = 'User') => {
  const url = `${urls.api}/users/${person.login}`
  return {
    login: person.login,
    id: person.id,
    node_id: nodeId('U_', person.id),
    avatar_url: `${urls.web}/avatars/u/${person.id}`,
    gravatar_id: '',
    url,
    html_url: `${urls.web}/${person.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    user_view_type: 'public',
    site_admin: false,
  }
}

export const userByLogin = (urls: Urls, login: string) => userShape(urls, personByLogin(login) ?? tokenOwner)

/** `null` if the address belongs to no account, as on GitHub. */
export const userByEmail = (urls: Urls, email: string) => {
  const person = personByEmail(email)
  return person ? userShape(urls, person) : null
}

export const nodeIdOf = nodeId

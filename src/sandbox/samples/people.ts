/** The invented team of acme/platform. */
export interface Person {
  readonly login: string
  readonly id: number
  readonly name: string
  readonly email: string
}

const person = (login: string, id: number, name: string): Person => ({
  login,
  id,
  name,
  email: `${login}@acme.example`,
})

export const people = {
  ines: person('ines', 4_102_377, 'Ines Okafor'),
  tomas: person('tomas', 5_870_112, 'Tomas Lindqvist'),
  priya: person('priya', 7_311_940, 'Priya Raman'),
  jonas: person('jonas', 9_004_518, 'Jonas Weber'),
  mei: person('mei', 11_246_803, 'Mei Tanaka'),
} as const

/** The owner of the sandbox's API token, and so the actor of every dispatched run. */
export const tokenOwner: Person = person('deploy-console', 21_480_655, 'Deploy Console')

export const personByEmail = (email: string): Person | undefined =>
  [...Object.values(people), tokenOwner].find((candidate) => candidate.email === email)

export const personByLogin = (login: string): Person | undefined =>
  [...Object.values(people), tokenOwner].find((candidate) => candidate.login === login)

import { people } from '~/sandbox/samples/people'
import type { SampleHistory } from '~/sandbox/samples/platform-history'

const { priya, jonas, mei } = people

const page = (title: string, body: string): string =>
  `<!doctype html>\n<html lang="en">\n<title>${title} · Acme</title>\n<body>\n${body}\n</body>\n</html>\n`

const product = (fields: readonly string[]): string =>
  page('Product', fields.map((field) => `<p data-field="${field}"></p>`).join('\n'))

const test = `set -e
for page in pages/*.html; do
  grep -q '</html>' "$page" || { echo "$page is cut off"; exit 1; }
  echo "$page is whole"
done
`

/** The history of acme/storefront, a repository whose workflow was not written for the console. */
export const storefrontHistory: SampleHistory = {
  main: [
    {
      by: mei,
      message: 'Open the shop',
      hoursAgo: 700,
      files: {
        'README.md': '# storefront\n\nWhat customers see.\n',
        'pages/home.html': page('Home', '<h1>Welcome</h1>'),
        'pages/product.html': product(['name', 'price']),
        'test/pages.sh': test,
      },
      tag: 'v2.2.0',
    },
    {
      by: jonas,
      message: 'Show how many are left (#4)',
      hoursAgo: 415,
      files: { 'pages/product.html': product(['name', 'price', 'stock']) },
      tag: 'v2.3.0',
    },
    {
      by: priya,
      message: 'Add a basket (#7)',
      hoursAgo: 190,
      files: { 'pages/basket.html': page('Basket', '<ol data-list="items"></ol>') },
    },
    {
      by: mei,
      message: 'Say what delivery costs (#9)',
      hoursAgo: 88,
      files: { 'pages/basket.html': page('Basket', '<ol data-list="items"></ol>\n<p data-field="delivery"></p>') },
      tag: 'v2.4.0',
    },
    {
      by: jonas,
      message: 'Greet customers by name (#11)',
      hoursAgo: 14,
      files: { 'pages/home.html': page('Home', '<h1>Welcome, <span data-field="customer"></span></h1>') },
    },
  ],
  branches: [],
}

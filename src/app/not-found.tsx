import { MessagePage } from '~/ui/primitives/notice'

export default function NotFound() {
  return (
    <MessagePage title="Page not found">
      <p>The grid shows every surface and its latest deploy.</p>
      <p>
        <a href="/" className="text-accent underline underline-offset-2">
          Open the grid
        </a>
      </p>
    </MessagePage>
  )
}

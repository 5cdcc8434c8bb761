// The address is the state: pages read it, and change it by going somewhere.

function read() {
  return { path: location.pathname.replace(/(.)\/+$/, '$1'), query: new URLSearchParams(location.search) }
}

let now = $state.raw(read())

/** address is where the browser is. */
export const address = {
  get path() {
    return now.path
  },
  get query() {
    return now.query
  },
}

/** arrived tells whether a page was come to from another, without a load. */
export const arrived = () => gone

let gone = false

/** set holds the query's values to change; an empty one takes its name out. */
export type Changes = Record<string, string | undefined>

/** changed gives the address of this page with some values of the query changed. */
export function changed(set: Changes, path = now.path): string {
  const query = new URLSearchParams(now.query)
  for (const [name, value] of Object.entries(set)) {
    if (value) query.set(name, value)
    else query.delete(name)
  }
  const text = query.toString()
  return text ? `${path}?${text}` : path
}

let stays: ((to: string) => boolean) | undefined

/** hold asks before another page is gone to: where `asked` answers true the browser stays. It gives what ends that. */
export function hold(asked: (to: string) => boolean): () => void {
  stays = asked
  return () => {
    if (stays === asked) stays = undefined
  }
}

/** go goes to an address of ours, as a link would; with replace the one before cannot be come back to. */
export function go(to: string, { replace = false } = {}) {
  const from = now.path
  if (new URL(to, location.href).pathname !== from && stays?.(to)) return
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  now = read()
  gone = true
  if (now.path !== from) scrollTo(0, 0)
}

/** change changes values of the query of this page. */
export function change(set: Changes, options?: { replace?: boolean }) {
  go(changed(set), options)
}

/** followLinks makes links within the pages go without a reload. */
export function followLinks() {
  addEventListener('popstate', () => {
    if (location.pathname !== now.path && stays?.(location.pathname + location.search + location.hash)) {
      history.pushState(null, '', changed({}))
      return
    }
    now = read()
    gone = true
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest('a')
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.pathname.startsWith('/files/') || link.pathname.startsWith('/sign-in/provider')) return
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return
    event.preventDefault()
    go(link.pathname + link.search + link.hash)
  })
}

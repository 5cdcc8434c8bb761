/** pathHere is an address of the pages; "/" for any other, so that no link leads elsewhere by way of signing in. */
export function pathHere(back: string): string {
  if (!/^\/(?![/\\])/.test(back)) return '/'
  const at = new URL(back, 'http://here')
  return at.host === 'here' ? at.pathname + at.search + at.hash : '/'
}

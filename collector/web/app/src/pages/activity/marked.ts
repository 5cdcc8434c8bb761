/** Piece is a stretch of a text; `hit` where it is what was searched for. */
export interface Piece {
  text: string
  hit: boolean
}

/** marked cuts a text where it contains what is searched for, without case, as the collector's search does. The pieces joined
 * are the text. */
export function marked(text: string, search: string): Piece[] {
  const wanted = search.toLowerCase()
  if (!wanted || !text) return [{ text, hit: false }]
  // A letter may be longer in lower case: `from` says at which place of the text each of the lowered ones stands.
  let lowered = ''
  const from: number[] = []
  let at = 0
  for (const letter of text) {
    const low = letter.toLowerCase()
    for (let i = 0; i < low.length; i++) from.push(at)
    lowered += low
    at += letter.length
  }
  from.push(at)
  const pieces: Piece[] = []
  const add = (begin: number, end: number, hit: boolean) => {
    if (begin < end) pieces.push({ text: text.slice(begin, end), hit })
  }
  let done = 0
  for (let found = lowered.indexOf(wanted); found >= 0; found = lowered.indexOf(wanted, found + wanted.length)) {
    const begin = from[found]!
    let last = found + wanted.length
    while (from[last] === from[last - 1]) last++
    if (begin < done) continue
    add(done, begin, false)
    add(begin, from[last]!, true)
    done = from[last]!
  }
  add(done, text.length, false)
  return pieces
}

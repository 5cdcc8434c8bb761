// The files of a release.

/** Chosen are files of which the collector takes some, what lists the others first, and leaves the rest. */
export interface Chosen {
  taken: File[]
  left: File[]
}

const manifest = 'release.json'

/** What a collector verifies before it takes a package, in the order in which it is sent; the signature of each is NAME.sig. */
const letters = ['trusted.json', 'channel.json', manifest]

/** chosenOf sorts files by what is listed in one of them; undefined where there is nothing that a collector could go by. */
export async function chosenOf(files: File[]): Promise<Chosen | undefined> {
  const named = (name: string) => files.filter((file) => file.name === name)
  const first = letters.flatMap((letter) => [...named(letter), ...(named(letter).length ? named(`${letter}.sig`) : [])])
  if (!first.length) return undefined
  const list = named(manifest)[0]
  const listed = list ? listedIn(await list.text()) : new Set()
  const rest = files.filter((file) => !first.includes(file))
  const taken = listed ? rest.filter((file) => listed.has(file.name)) : rest
  return { taken: [...first, ...taken], left: rest.filter((file) => !taken.includes(file)) }
}

/** listedIn gives the names in a list; undefined where it is none, which the collector says better. */
function listedIn(text: string): Set<unknown> | undefined {
  try {
    const { packages } = JSON.parse(text) as { packages: { name: string }[] }
    return new Set<unknown>(packages.map(({ name }) => name))
  } catch {
    return undefined
  }
}

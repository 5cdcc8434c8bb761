// The files of a release.

/** Chosen are files of which the collector takes some, what lists the others first, and leaves the rest. */
export interface Chosen {
  taken: File[]
  left: File[]
}

const manifest = 'release.json'

/** What a collector verifies before it takes a package; the signatures of each are in NAME.sig. */
const letter = /^(release|channel|trusted(-[1-9]\d{0,4})?)\.json$/

/** chosenOf sorts files by what is listed in one of them; undefined where there is nothing that a collector could go by. */
export async function chosenOf(files: File[]): Promise<Chosen | undefined> {
  const letters = files.filter((file) => letter.test(file.name))
  if (!letters.length) return undefined
  const first = files.filter((file) => letters.some(({ name }) => file.name === name || file.name === `${name}.sig`))
  const list = letters.find((file) => file.name === manifest)
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

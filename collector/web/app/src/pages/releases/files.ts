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
  const listed = new Set(list && listedIn(await list.text()))
  const rest = files.filter((file) => !first.includes(file))
  const taken = rest.filter((file) => listed.has(file.name))
  return { taken: [...first, ...taken], left: rest.filter((file) => !taken.includes(file)) }
}

/**
 * listedIn gives the names in a list; none where it is no list, which the collector says better. What is not listed goes nowhere:
 * among the files may be a key.
 */
function listedIn(text: string): string[] {
  try {
    const { packages } = JSON.parse(text) as { packages: { name: string }[] }
    return packages.map(({ name }) => name)
  } catch {
    return []
  }
}

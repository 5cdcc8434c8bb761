// How the files of a release get to the collector: as a browser's form does it, since they are too large for a call.

import { Failure } from '../../contract/collector'

/** Bytes that are on their way. */
export interface Progress {
  sent: number
  all: number
}

/** upload sends the files of a release, in order. Throws a Failure in the collector's own words. */
export function upload(files: File[], told: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
  const form = new FormData()
  for (const file of files) form.append('file', file)
  return new Promise((done, failed) => {
    // fetch does not tell how far a body has come.
    const request = new XMLHttpRequest()
    request.upload.onprogress = ({ loaded, total }) => told({ sent: loaded, all: total })
    request.onload = () => (request.status === 200 ? done() : failed(new Failure(request.status === 401 ? 'signed_out' : 'refused', '', request.responseText.trim())))
    request.onerror = () => failed(new Failure('unreachable', '', ''))
    request.onabort = () => failed(signal.reason)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.open('POST', '/files/release')
    request.send(form)
  })
}

import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-web'
import { AdminService } from './gen/dayline/admin/v1/admin_pb'
import { ProblemSchema } from './gen/dayline/agent/v1/agent_pb'

/** Failure is why the collector did not do what it was asked, or that it was not reached. */
export class Failure extends Error {
  /** As the contract's Problem has it ("not_found", "conflict", …); "unreachable" where there was no answer. */
  readonly code: string
  /** The field of the request that was refused; empty where none. */
  readonly field: string

  constructor(code: string, field: string, reason: string) {
    super(reason)
    this.code = code
    this.field = field
  }
}

/** failureOf makes a Failure of whatever was thrown. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown
  const error = ConnectError.from(thrown)
  const [problem] = error.findDetails(ProblemSchema)
  if (problem) return new Failure(problem.code, problem.field, problem.reason)
  const unreachable = error.code === Code.Unknown || error.code === Code.Unavailable || error.code === Code.DeadlineExceeded
  return new Failure(unreachable ? 'unreachable' : 'internal', '', error.rawMessage)
}

/** aborted tells whether something was thrown because nobody wanted the answer any more. */
export function aborted(thrown: unknown): boolean {
  return (thrown instanceof DOMException && thrown.name === 'AbortError') || (thrown instanceof ConnectError && thrown.code === Code.Canceled)
}

let whenSignedOut: () => void = () => {}

/** onSignedOut says what happens when the collector no longer knows who asks. */
export function onSignedOut(then: () => void) {
  whenSignedOut = then
}

const lettingIn = ['SignIn', 'FinishPasskeySignIn', 'CreateFirstAdmin', 'OpenMyDay']

const noticing: Interceptor = (next) => async (request) => {
  try {
    return await next(request)
  } catch (thrown) {
    if (!lettingIn.includes(request.method.name) && failureOf(thrown).code === 'signed_out') whenSignedOut()
    throw thrown
  }
}

/** collector is the contract's AdminService, asked as whoever the browser's cookie says. See failureOf for what it throws. */
export const collector = createClient(
  AdminService,
  createConnectTransport({ baseUrl: location.origin, useBinaryFormat: true, interceptors: [noticing] }),
)

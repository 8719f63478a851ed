/** The thread that asks servers, as the checks see it. */
import type { HttpExpectation, HttpResponse, Prober as NativeProber, ProbeOutcome } from '#native'

export type { HttpAnswer, HttpExpectation, Probe, ProbeOutcome, UdpReply } from '#native'

/** Asks servers in a thread of its own. */
export type Prober = Pick<NativeProber, 'define' | 'forget' | 'run' | 'drain' | 'stop' | 'stopNow'>

/** The server did not do what it is to do. */
export type ProbeFailure = Extract<ProbeOutcome, { type: 'failed' }>

/** Judges the answer to one request over HTTP, however it arrives. */
export type HttpJudge = Pick<HttpResponse, 'feed' | 'end'>

/** Makes a judge. Throws for a pattern that PCRE2 does not take. */
export type MakeJudge = (expect: HttpExpectation) => HttpJudge

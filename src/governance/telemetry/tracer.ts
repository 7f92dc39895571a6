import type { Attributes, Span, SpanContext } from '@opentelemetry/api'
import { context, isSpanContextValid, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api'
import type { RunId, TenantId } from '../../kernel/index.ts'
import { digestOf, LeastRecent, reportError } from '../../kernel/index.ts'

export interface ActSpan {
  readonly tenantId: TenantId
  readonly runId: RunId
  readonly stepId: string
  readonly tool: string
  readonly attributes: Attributes
}

/**
 * Runs `work` inside a span. All spans of a run belong to one trace, whose id follows from the run's id, whichever
 * process they are made in; a caller's own trace wins. Without an OpenTelemetry SDK nothing is exported and the trace
 * id is the same.
 */
export async function traceAct<T>(
  act: ActSpan,
  work: (traceId: string, span: Span) => Promise<T>,
): Promise<T> {
  const active = context.active()
  const parent = trace.getSpanContext(active)
  const surrounding =
    parent !== undefined && isSpanContextValid(parent)
      ? active
      : trace.setSpanContext(active, runSpanContext(act.tenantId, act.runId))
  const attributes = {
    'atelier.tenant.id': act.tenantId,
    'atelier.run.id': act.runId,
    'atelier.step.id': act.stepId,
    'atelier.tool.name': act.tool,
    ...act.attributes,
  }
  return trace
    .getTracer('atelier')
    .startActiveSpan(`act ${act.tool}`, { attributes }, surrounding, async (span) => {
      try {
        return await work(span.spanContext().traceId, span)
      } catch (error) {
        const { code } = reportError(error)
        span.setAttribute('error.type', code)
        span.setStatus({ code: SpanStatusCode.ERROR, message: code })
        throw error
      } finally {
        span.end()
      }
    })
}

/** Of runs with acts lately. */
const contexts = new LeastRecent<string, SpanContext>(1000)

/** W3C trace context: 16 bytes of trace id and 8 bytes of span id, neither all zero. */
function runSpanContext(tenantId: TenantId, runId: RunId): SpanContext {
  const name = `trace of ${tenantId} ${runId}`
  const known = contexts.get(name)
  if (known !== undefined) return known
  const hex = digestOf(name).slice('sha256:'.length)
  const made = {
    traceId: hex.slice(0, 32),
    spanId: hex.slice(32, 48),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  }
  contexts.set(name, made)
  return made
}

import { memo, useMemo } from 'react'
import { Graph, layout, type GraphLabel } from '@dagrejs/dagre'
import { Handle, Position, ReactFlow, type Edge, type Node, type NodeProps } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { faceOf, formatDuration } from '../ui/index.ts'
import type { StepMoment } from './run-history.ts'
import styles from './plan-graph.module.css'

/** In pixels, as plan-graph.module.css has them. */
const node = { width: 178, height: 46 }
/** Around the graph, and the height at most; a taller plan is made smaller. */
const margin = 14
const greatestHeight = 760
/** As small as steps can still be read; a plan that is too large even so is scrolled. */
const leastScale = 0.75
const greatestWidth = 900

type StepNode = Node<{ readonly moment: StepMoment; readonly selected: boolean }, 'step'>

interface Layout {
  readonly places: ReadonlyMap<string, { readonly x: number; readonly y: number }>
  /** Of the whole, in pixels. */
  readonly width: number
  readonly height: number
}

/** What the places of the steps depend on. */
type Shape = readonly Pick<StepMoment, 'id' | 'needs'>[]

function arrange(shape: Shape): Layout {
  const graph = new Graph<GraphLabel, { x: number; y: number; width: number; height: number }>()
  graph.setGraph({ rankdir: 'TB', ranksep: 20, nodesep: 12 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id } of shape) graph.setNode(id, { ...node, x: 0, y: 0 })
  for (const { id, needs } of shape) for (const need of needs) graph.setEdge(need, id)
  layout(graph)
  const places = shape.map(({ id }) => {
    const { x, y } = graph.node(id)
    return [id, { x: x - node.width / 2, y: y - node.height / 2 }] as const
  })
  const { width = 0, height = 0 } = graph.graph()
  return { places: new Map(places), width: width + 2 * margin, height: height + 2 * margin }
}

/** Seconds that a step has worked, over all attempts that have ended. */
function secondsOf({ attempts }: StepMoment): number | undefined {
  const ended = attempts.flatMap(({ from, to }) => (to === null ? [] : Date.parse(to) - Date.parse(from)))
  return ended.length === 0 ? undefined : ended.reduce((sum, each) => sum + each, 0) / 1000
}

const StepBox = memo(function StepBox({ data: { moment, selected } }: NodeProps<StepNode>) {
  const { icon: Icon, tone, word } = faceOf(moment.status)
  const seconds = secondsOf(moment)
  return (
    <div className={styles['node']} data-tone={tone} data-status={moment.status} data-selected={selected}>
      <Handle type="target" position={Position.Top} isConnectable={false} className={styles['handle']} />
      <Icon size={16} strokeWidth={2.25} aria-label={word} />
      <span className={styles['title']} title={moment.title}>
        {moment.title}
      </span>
      <span className={styles['detail']}>
        {moment.progress ?? (seconds === undefined ? word : formatDuration(seconds))}
        {moment.attempts.length > 1 && ` · ${moment.attempts.length} attempts`}
      </span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} className={styles['handle']} />
    </div>
  )
})
const nodeTypes = { step: StepBox }

/** The plan of a run as a graph, from the top down in the order of work. Choosing a step shows it. */
export function PlanGraph({
  moments,
  selected,
  onSelect,
}: {
  readonly moments: readonly StepMoment[]
  readonly selected: string | undefined
  readonly onSelect: (stepId: string) => void
}) {
  // By value, so that nothing is placed anew, and nothing jumps, while the run goes on.
  const shape = JSON.stringify(moments.map(({ id, needs }): Shape[number] => ({ id, needs })))
  const { places, width, height } = useMemo(() => arrange(JSON.parse(shape) as Shape), [shape])
  const nodes: StepNode[] = moments.map((moment) => ({
    id: moment.id,
    type: 'step',
    position: places.get(moment.id) ?? { x: 0, y: 0 },
    ...node,
    ariaLabel: `${moment.title}: ${faceOf(moment.status).word}`,
    data: { moment, selected: moment.id === selected },
  }))
  const edges: Edge[] = moments.flatMap(({ id, needs, status }) =>
    needs.map((need) => ({
      id: `${need}-${id}`,
      source: need,
      target: id,
      focusable: false,
      className: [styles['edge'], status === 'pending' ? '' : styles['taken']].join(' '),
    })),
  )
  const isScrolled = width * leastScale > greatestWidth || height * leastScale > greatestHeight
  const graph = (
    <div
      className={styles['graph']}
      style={
        isScrolled
          ? { width: width * leastScale, height: height * leastScale }
          : { aspectRatio: `${width} / ${height}`, maxWidth: width, maxHeight: greatestHeight }
      }
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={{ padding: `${margin}px`, maxZoom: 1 }}
        minZoom={0.2}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        panOnDrag={!isScrolled}
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_, { id }) => onSelect(id)}
        onSelectionChange={({ nodes: [first] }) => {
          if (first !== undefined) onSelect(first.id)
        }}
        aria-label="Plan of the run"
      />
    </div>
  )
  return isScrolled ? (
    <div className={styles['scrolled']} style={{ maxHeight: greatestHeight }}>
      {graph}
    </div>
  ) : (
    graph
  )
}

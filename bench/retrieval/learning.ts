/** The candidates of one case, each with its features, and whether the fix changed it. */
export interface RankedCase {
  readonly candidates: readonly { readonly features: readonly number[]; readonly isTrue: boolean }[]
}

const epochs = 30
const learningRate = 0.02
const regularisation = 0.002
/** Of Adam: how long the mean and the square of gradients are remembered. */
const [meanDecay, squareDecay] = [0.9, 0.999]

/**
 * Learns weights for which true candidates come before others: the softmax over each true candidate and all wrong ones
 * (ListNet, Cao and others, 2007) is maximised with Adam (Kingma and Ba, 2015), the weights are drawn towards 0, and
 * those of the second half of the epochs are averaged. Deterministic.
 */
export function learnWeights(cases: readonly RankedCase[], features: number): readonly number[] {
  const weights = new Array<number>(features).fill(0)
  const means = new Array<number>(features).fill(0)
  const squares = new Array<number>(features).fill(0)
  const sums = new Array<number>(features).fill(0)
  const useful = cases.filter(({ candidates }) => candidates.some(({ isTrue }) => isTrue))
  let steps = 0
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const rate = learningRate / (1 + epoch / 5)
    // A stride that shares no divisor with the number of cases visits each once, in an order that mixes repositories.
    for (let visit = 0; visit < useful.length; visit += 1) {
      const one = useful[(visit * stride(useful.length) + epoch) % useful.length]
      if (one === undefined) continue
      steps += 1
      for (const [index, slope] of gradientOf(weights, one).entries()) {
        const weight = weights[index] ?? 0
        const full = slope + regularisation * weight
        const mean = meanDecay * (means[index] ?? 0) + (1 - meanDecay) * full
        const square = squareDecay * (squares[index] ?? 0) + (1 - squareDecay) * full * full
        means[index] = mean
        squares[index] = square
        const step = mean / (1 - meanDecay ** steps) / (Math.sqrt(square / (1 - squareDecay ** steps)) + 1e-8)
        weights[index] = weight - rate * step
      }
    }
    if (epoch >= epochs / 2)
      for (const [index, weight] of weights.entries())
        sums[index] = (sums[index] ?? 0) + weight / Math.ceil(epochs / 2)
  }
  return sums
}

/** Of the loss of one case: for each true candidate what is expected of the list less what it has itself. */
function gradientOf(weights: readonly number[], { candidates }: RankedCase): readonly number[] {
  const gradient = weights.map(() => 0)
  const scores = candidates.map(({ features }) => dot(weights, features))
  const highest = Math.max(...scores)
  const masses = scores.map((score) => Math.exp(score - highest))
  const wrong = masses.reduce((sum, mass, place) => sum + (candidates[place]?.isTrue === true ? 0 : mass), 0)
  const truths = candidates.filter(({ isTrue }) => isTrue).length
  for (const [place, truth] of candidates.entries()) {
    if (!truth.isTrue) continue
    const own = masses[place] ?? 0
    const total = (own + wrong) * truths
    add(gradient, truth.features, own / total - 1 / truths)
    for (const [other, { features, isTrue }] of candidates.entries())
      if (!isTrue) add(gradient, features, (masses[other] ?? 0) / total)
  }
  return gradient
}

function add(sum: number[], values: readonly number[], factor: number): void {
  if (Math.abs(factor) < 1e-6) return
  for (const [index, value] of values.entries()) sum[index] = (sum[index] ?? 0) + factor * value
}

function stride(count: number): number {
  const divides = (one: number, other: number): number => (other === 0 ? one : divides(other, one % other))
  let step = Math.max(1, Math.floor(count * 0.618))
  while (divides(step, count) !== 1) step += 1
  return step
}

export function dot(weights: readonly number[], features: readonly number[]): number {
  let sum = 0
  for (const [index, feature] of features.entries()) sum += feature * (weights[index] ?? 0)
  return sum
}

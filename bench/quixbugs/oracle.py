"""
Judges programs against what the maintainers made of them: reads `{name, correct, programs, node}` as JSON from standard
input and writes, for each program, whether its syntax tree is the same and whether it gives the same results on
generated inputs that the program is meant for (its documentation says which).
"""

import ast
import copy
import itertools
import json
import random
import resource
import signal
import sys
import types

INPUTS = 300
SECONDS = 1.0


class Late(BaseException):
    pass


def late(*_):
    raise Late


def integers(random, most, low, high):
    return [random.randint(low, high) for _ in range(random.randint(0, most))]


def unique(random, most, low, high):
    return random.sample(range(low, high), random.randint(0, most))


def word(random, letters, most, least=0):
    return "".join(random.choice(letters) for _ in range(random.randint(least, most)))


def nested(random, depth):
    return [
        nested(random, depth - 1) if depth and random.random() < 0.4 else random.randint(-5, 5)
        for _ in range(random.randint(0, 4))
    ]


def nearly_sorted(random):
    k = random.randint(0, 4)
    values = sorted(integers(random, 12, -9, 9))
    blocks = [values[at : at + k + 1] for at in range(0, len(values), k + 1)]
    for block in blocks:
        random.shuffle(block)
    return list(itertools.chain(*blocks)), k


def palindrome(random):
    half = [random.choice([0, 1, 5, 9, 9, 9]) for _ in range(random.randint(0, 4))]
    middle = [random.choice([0, 3, 9, 9])] if random.random() < 0.5 or not half else []
    digits = half + middle + half[::-1]
    digits[0] = digits[-1] = digits[0] or 1
    return (digits,)


def permutation(random):
    values = unique(random, 6, 0, 20)
    while values == sorted(values, reverse=True):
        values = random.sample(range(20), random.randint(2, 6))
    return (values,)


def postfix(random, depth=3):
    if depth == 0 or random.random() < 0.3:
        return [float(random.randint(1, 9))]
    return postfix(random, depth - 1) + postfix(random, depth - 1) + [random.choice("+-*/")]


def infix(random):
    tokens = [random.randint(1, 9)]
    for _ in range(random.randint(0, 6)):
        tokens += [random.choice("+-*/"), random.randint(1, 9)]
    return (tokens,)


def graph(random, node, acyclic=False):
    count = random.randint(1, 7)
    nodes = [node(chr(65 + at), None, [], [], [], []) for at in range(count)]
    for a, b in itertools.permutations(range(count), 2):
        if random.random() < 0.3 and (a < b or not acyclic):
            nodes[a].successors.append(nodes[b])
            nodes[a].outgoing_nodes.append(nodes[b])
            nodes[b].predecessors.append(nodes[a])
            nodes[b].incoming_nodes.append(nodes[a])
    if acyclic:
        random.shuffle(nodes)
    return nodes


def search(random, node):
    nodes = graph(random, node)
    return random.choice(nodes), random.choice(nodes)


def lengths(random, node):
    nodes = graph(random, node)
    edges = {(a, b): random.randint(1, 20) + random.random() for a in nodes for b in a.successors}
    return edges, random.choice(nodes), random.choice(nodes)


def chain(random, node, cyclic):
    nodes = [node(at) for at in range(random.randint(1, 7))]
    for one, other in zip(nodes, nodes[1:]):
        one.successor = other
    if cyclic and random.random() < 0.5:
        nodes[-1].successor = random.choice(nodes)
    return (nodes[0],)


def weighted(random, names):
    weights = random.sample(range(1, 60), 30)
    edges = [pair for pair in itertools.combinations(names, 2) if random.random() < 0.6]
    return {edge: weights[at] for at, edge in enumerate(edges[:30])}


def directed(random, names):
    return {pair: random.randint(0, 9) for pair in itertools.permutations(names, 2) if random.random() < 0.4}


def routes(random):
    edges = directed(random, "ABCDE")
    # A way to each that is not too short, so that later rounds have something to do.
    edges.update({pair: random.randint(-2, 9) for pair in (("A", "B"), ("B", "C"), ("C", "D"), ("D", "E"))})
    negative = {pair for pair, weight in edges.items() if weight < 0}
    return "A", {pair: weight for pair, weight in edges.items() if pair in negative or pair[0] < pair[1] or not negative}


def between(random):
    a = random.randint(0, 4)
    b = a + random.randint(0, 5)
    return a, b, random.randint(0, 3)


def sorted_search(values, random):
    return values, random.choice(values + [-99, 0, 99]) if values else 1


GENERATORS = {
    "bitcount": lambda r, n: (r.randint(0, 1 << r.randint(1, 40)),),
    "breadth_first_search": search,
    "bucketsort": lambda r, n: (lambda k: ([r.randrange(k) for _ in range(r.randint(0, 12))], k))(r.randint(1, 15)),
    "depth_first_search": search,
    "detect_cycle": lambda r, n: chain(r, n, True),
    "find_first_in_sorted": lambda r, n: sorted_search(sorted(integers(r, 12, -6, 6)), r),
    "find_in_sorted": lambda r, n: sorted_search(sorted(unique(r, 12, -20, 20)), r),
    "flatten": lambda r, n: (nested(r, 3),),
    "gcd": lambda r, n: (r.randint(0, 200), r.randint(1, 200)),
    "get_factors": lambda r, n: (r.randint(1, 3000),),
    "hanoi": lambda r, n: (r.randint(0, 5), *r.sample([1, 2, 3], 2)),
    "is_valid_parenthesization": lambda r, n: (word(r, "()", 8),),
    "kheapsort": lambda r, n: nearly_sorted(r),
    "knapsack": lambda r, n: (r.randint(0, 30), [[r.randint(1, 15), r.randint(1, 30)] for _ in range(r.randint(0, 6))]),
    "kth": lambda r, n: (lambda a: (a, r.randrange(len(a))))([r.randint(-9, 9) for _ in range(r.randint(1, 12))]),
    "lcs_length": lambda r, n: (word(r, "abc", 8), word(r, "abc", 8)),
    "levenshtein": lambda r, n: (word(r, "abc", 5), word(r, "abc", 5)),
    "lis": lambda r, n: (unique(r, 10, -30, 30),),
    "longest_common_subsequence": lambda r, n: (word(r, "abc", 7), word(r, "abc", 7)),
    "max_sublist_sum": lambda r, n: (integers(r, 10, -9, 9),),
    "mergesort": lambda r, n: (integers(r, 12, -9, 9),),
    "minimum_spanning_tree": lambda r, n: (weighted(r, range(1, r.randint(3, 8))),),
    "next_palindrome": lambda r, n: palindrome(r),
    "next_permutation": lambda r, n: permutation(r),
    "pascal": lambda r, n: (r.randint(1, 12),),
    "possible_change": lambda r, n: (sorted(r.sample(range(1, 20), r.randint(0, 4))), r.randint(0, 40)),
    "powerset": lambda r, n: (unique(r, 5, 0, 20),),
    "quicksort": lambda r, n: (integers(r, 12, -6, 6),),
    "reverse_linked_list": lambda r, n: chain(r, n, False),
    "rpn_eval": lambda r, n: (postfix(r),),
    "shortest_path_length": lengths,
    "shortest_path_lengths": lambda r, n: (lambda k: (k, directed(r, range(k))))(r.randint(1, 6)),
    "shortest_paths": lambda r, n: routes(r),
    "shunting_yard": lambda r, n: infix(r),
    "sieve": lambda r, n: (r.randint(0, 80),),
    "sqrt": lambda r, n: (r.uniform(0.5, 100), r.choice([0.01, 0.1, 0.5, 1e-4])),
    "subsequences": lambda r, n: between(r),
    "to_base": lambda r, n: (r.randint(1, 5000), r.randint(2, 36)),
    "topological_ordering": lambda r, n: (graph(r, n, acyclic=True),),
    "wrap": lambda r, n: (word(r, "ab  c", 30), r.randint(1, 10)),
}


def plain(value):
    """A value that can be compared: generators are run, nodes become their values, infinite entries are dropped."""
    if isinstance(value, types.GeneratorType) or type(value).__name__ in ("map", "filter", "reversed"):
        return [plain(item) for item in itertools.islice(value, 5000)]
    if type(value).__name__ == "Node":
        values = []
        while type(value).__name__ == "Node" and len(values) < 50:
            values.append(value.value)
            value = value.successor
        return ("nodes", values)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item != float("inf")}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    return value


def load(text, name, node):
    module = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
    return getattr(module, name)


def call(function, arguments):
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return ("value", plain(function(*arguments)))
    except Late:
        return ("late", None)
    except Exception as error:
        return ("error", type(error).__name__)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def same(name, arguments, wanted, found):
    if found[0] != "value":
        return False
    if name == "sqrt":
        return abs(wanted[1] - found[1]) <= arguments[1]
    # True and 1 are equal, but a program that says one for the other is not the same.
    return wanted[1] == found[1] and (type(wanted[1]) is type(found[1]))


def bare(text):
    tree = ast.parse(text)
    tree.body = [item for item in tree.body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))]
    return ast.dump(tree)


def judge(name, correct, program, node):
    try:
        if bare(correct) == bare(program):
            return {"identical": True, "correct": True, "inputs": 0, "example": None}
        reference, candidate = load(correct, name, node), load(program, name, node)
    except Exception as error:
        return {"identical": False, "correct": False, "inputs": 0, "example": str(error)}
    inputs = 0
    for seed in range(INPUTS):
        make = lambda: GENERATORS[name](random.Random(seed), node)  # noqa: E731
        wanted = call(reference, make())
        if wanted[0] != "value":
            continue
        inputs += 1
        arguments = make()
        example = repr(copy.deepcopy(arguments))[:200]
        found = call(candidate, arguments)
        if not same(name, make(), wanted, found):
            return {"identical": False, "correct": False, "inputs": inputs, "example": f"{example}: {found} for {wanted}"[:400]}
    return {"identical": False, "correct": inputs >= 10, "inputs": inputs, "example": None}


def main():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    signal.signal(signal.SIGALRM, late)
    task = json.load(sys.stdin)
    module = types.ModuleType("node")
    exec(task["node"], module.__dict__)
    print(json.dumps([judge(task["name"], task["correct"], text, module.Node) for text in task["programs"]]))


if __name__ == "__main__":
    main()

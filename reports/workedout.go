package reports

// field is the prime, 2³¹ − 1, that equations are solved modulo: exact where floating point is
// not, and products fit 64 bits. The coefficients are 1 and −1, so a system that is solvable
// over the fractions and not modulo this prime is out of reach for sums of this size.
const field = 1<<31 - 1

// workedOutCells returns the hidden cells that the identities determine: those that stand
// alone in an equation once the system is in reduced row echelon form.
func workedOutCells(identities []bound) map[*cell]bool {
	var hidden []*cell
	index := map[*cell]int{}
	for _, b := range identities {
		for _, c := range b.cells() {
			if _, known := index[c]; c.hidden && !known {
				index[c] = len(hidden)
				hidden = append(hidden, c)
			}
		}
	}
	system := make([][]uint64, 0, len(identities))
	for _, b := range identities {
		equation := make([]uint64, len(hidden))
		for _, c := range b.parts {
			if c.hidden {
				equation[index[c]] = 1
			}
		}
		if b.whole.hidden {
			equation[index[b.whole]] = field - 1
		}
		system = append(system, equation)
	}
	reduce(system, len(hidden))
	told := map[*cell]bool{}
	for _, equation := range system {
		if at := alone(equation); at >= 0 {
			told[hidden[at]] = true
		}
	}
	return told
}

// reduce brings a system into reduced row echelon form, in place.
func reduce(system [][]uint64, unknowns int) {
	rank := 0
	for u := 0; u < unknowns && rank < len(system); u++ {
		pivot := rank
		for pivot < len(system) && system[pivot][u] == 0 {
			pivot++
		}
		if pivot == len(system) {
			continue
		}
		system[rank], system[pivot] = system[pivot], system[rank]
		scale(system[rank], inverse(system[rank][u]))
		for i, equation := range system {
			if i != rank && equation[u] != 0 {
				subtract(equation, system[rank], equation[u])
			}
		}
		rank++
	}
}

func scale(equation []uint64, by uint64) {
	for i, x := range equation {
		equation[i] = x * by % field
	}
}

// subtract takes factor times another equation from one.
func subtract(equation, other []uint64, factor uint64) {
	for i, x := range other {
		if x != 0 {
			equation[i] = (equation[i] + field - x*factor%field) % field
		}
	}
}

// inverse is x to the power of field − 2 (Fermat).
func inverse(x uint64) uint64 {
	result := uint64(1)
	for e := uint64(field - 2); e > 0; e >>= 1 {
		if e&1 == 1 {
			result = result * x % field
		}
		x = x * x % field
	}
	return result
}

// alone is the place of the only unknown of an equation, -1 when it has none or several.
func alone(equation []uint64) int {
	at := -1
	for i, x := range equation {
		if x == 0 {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = i
	}
	return at
}

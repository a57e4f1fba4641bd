package main

// Grafana's grid, in pixels.
const (
	pageWidth   = 1600
	columns     = 24
	rowHeight   = 30
	gap         = 8
	margin      = 16
	headHeight  = 96
	titleHeight = 32
	padding     = 8
)

type size struct{ width, height float64 }

// gridPos is a panel's place on the grid.
type gridPos struct {
	X int `json:"x"`
	Y int `json:"y"`
	W int `json:"w"`
	H int `json:"h"`
}

func columnWidth() float64 { return float64(pageWidth-2*margin+gap) / columns }

func (g gridPos) left() float64   { return margin + float64(g.X)*columnWidth() }
func (g gridPos) top() float64    { return headHeight + float64(g.Y*(rowHeight+gap)) }
func (g gridPos) width() float64  { return float64(g.W)*columnWidth() - gap }
func (g gridPos) height() float64 { return float64(g.H*(rowHeight+gap) - gap) }

package monitoring

// Dashboard is one dashboard, whoever shows it.
type Dashboard struct {
	// Name is that of its files.
	Name string
	// UID is its address in Grafana, and the name of its ConfigMaps.
	UID string
	// Title is what it is listed under; Description what it is for.
	Title, Description string
	// Variables narrow down what is shown.
	Variables []Variable
	// Sections are its parts, from top to bottom.
	Sections []Section
}

// Section is a part of a dashboard that can be folded.
type Section struct {
	Title string
	// Panels flow from left to right, and into a new line where the next one does not fit.
	Panels []Panel
}

// Variable is a choice among the values of a label. All of them are chosen until somebody chooses.
type Variable struct {
	// Name is the label's, and the variable's in queries. None may begin with another one's: old consoles replace by prefix.
	Name string
	// Title is what people see.
	Title string
	// Series are those whose label it is.
	Series string
}

// Dashboards are all dashboards.
func Dashboards() []Dashboard {
	return []Dashboard{overview(), operatorDashboard()}
}

const (
	gridColumns = 24
	// titleHeight is that of a section's title, in grid rows.
	titleHeight = 1
)

// position is a place on the grid.
type position struct{ x, y int }

// place is where the panels of a section go whose title is at y, and where the next section's title goes.
func (s Section) place(y int) (places []position, next int) {
	line := position{0, y + titleHeight}
	height := 0
	for _, panel := range s.Panels {
		if line.x+panel.Width > gridColumns {
			line = position{0, line.y + height}
			height = 0
		}
		places = append(places, line)
		line.x += panel.Width
		height = max(height, panel.Height)
	}
	return places, line.y + height
}

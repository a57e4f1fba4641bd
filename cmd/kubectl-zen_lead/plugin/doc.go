// Package plugin is `kubectl zen-lead`: it shows leader Services, says why they are as they are, and sets annotations on the Services that they are
// made for. What it says comes from the operator's own packages: it reads objects into a controllers.Snapshot and looks at it with a
// controllers.Onlooker. It makes and deletes nothing.
package plugin

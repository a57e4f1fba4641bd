// Command dashboard-picture draws a Grafana dashboard without Grafana: it runs the queries of every panel against Prometheus and
// draws what comes back as Grafana would, into a HTML file, and by a Chromium without a window into a picture:
//
//	dashboard-picture -dashboard monitoring/generated/dashboards/overview.json -prometheus http://127.0.0.1:9090 -output overview.png
//
// It knows the kinds of panels, units and transformations that our dashboards have, and refuses others. It fails if a query fails or
// returns nothing, so that a picture proves that its dashboard works; -may-be-empty names the panels in which that is no fault.
package main

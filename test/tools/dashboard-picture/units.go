package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// scale is a unit from a size on.
type scale struct {
	from   float64
	suffix string
}

var (
	// The suffixes are Grafana's.
	timeScales = []scale{
		{1e-9, " ns"}, {1e-6, " µs"}, {1e-3, " ms"}, {1, " s"}, {60, " mins"}, {3600, " hours"}, {86400, " days"}, {604800, " weeks"},
	}
	byteScales  = []scale{{1, " B"}, {1 << 10, " KiB"}, {1 << 20, " MiB"}, {1 << 30, " GiB"}, {1 << 40, " TiB"}}
	shortScales = []scale{{1, ""}, {1e3, " K"}, {1e6, " Mil"}, {1e9, " Bil"}}
	rateScales  = []scale{{1, " ops/s"}, {1e3, " Kops/s"}, {1e6, " Mops/s"}}
)

// format is a number with its unit; nil decimals are as many as its size asks for.
func format(value float64, unit string, decimals *int) (string, error) {
	switch {
	case unit == "short":
		return scaled(value, shortScales, decimals), nil
	case unit == "s":
		return scaled(value, timeScales, decimals), nil
	case unit == "bytes":
		return scaled(value, byteScales, decimals), nil
	case unit == "ops":
		return scaled(value, rateScales, decimals), nil
	case unit == "percentunit":
		return fixed(value*100, decimals) + "%", nil
	case unit == "dtdurations":
		return inWords(value, decimals), nil
	case unit == "dateTimeAsIso":
		return time.UnixMilli(int64(value)).UTC().Format("2006-01-02 15:04:05"), nil
	case strings.HasPrefix(unit, "suffix:"):
		return fixed(value, decimals) + strings.TrimPrefix(unit, "suffix:"), nil
	default:
		return "", fmt.Errorf("the unit %q is not known", unit)
	}
}

// scaled takes the largest scale that the number reaches. Numbers below the first one that has no prefix stay in it.
func scaled(value float64, scales []scale, decimals *int) string {
	chosen := scales[0]
	for _, s := range scales {
		if math.Abs(value) >= s.from {
			chosen = s
		}
	}
	if value == 0 && scales[0].from < 1 {
		chosen = scale{1, " s"}
	}
	return fixed(value/chosen.from, decimals) + chosen.suffix
}

func fixed(value float64, decimals *int) string {
	if decimals != nil {
		return strconv.FormatFloat(value, 'f', *decimals, 64)
	}
	text := strconv.FormatFloat(value, 'f', decimalsFor(value), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// decimalsFor is as many as show two or three digits.
func decimalsFor(value float64) int {
	if value == math.Trunc(value) {
		return 0
	}
	return min(9, max(0, 2-int(math.Floor(math.Log10(math.Abs(value))))))
}

// inWords is a duration in its largest unit, and in as many smaller ones as there are decimals.
func inWords(value float64, decimals *int) string {
	units := []struct {
		name    string
		seconds float64
	}{
		{"year", 365 * 86400}, {"month", 30 * 86400}, {"week", 7 * 86400}, {"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1},
	}
	left := 0
	if decimals != nil {
		left = *decimals
	}
	rest := math.Abs(value)
	var words []string
	for _, unit := range units {
		count := math.Floor(rest / unit.seconds)
		if count == 0 && len(words) == 0 && unit.seconds > 1 {
			continue
		}
		if count > 0 || len(words) == 0 {
			plural := "s"
			if count == 1 {
				plural = ""
			}
			words = append(words, fmt.Sprintf("%.0f %s%s", count, unit.name, plural))
		}
		rest -= count * unit.seconds
		if left == 0 {
			break
		}
		left--
	}
	text := strings.Join(words, ", ")
	if value < 0 {
		return text + " ago"
	}
	return text
}

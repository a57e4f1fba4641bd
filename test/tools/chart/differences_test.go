package chart

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// differences lists where objects differ: each value by its object and path, and what either side has.
func differences(one string, ones map[string]any, other string, others map[string]any) (found []string) {
	leaves, otherLeaves := map[string]string{}, map[string]string{}
	collect(leaves, "", ones)
	collect(otherLeaves, "", others)
	all := maps.Clone(leaves)
	maps.Copy(all, otherLeaves)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if has, otherHas := shown(leaves, path), shown(otherLeaves, path); has != otherHas {
			found = append(found, fmt.Sprintf("%s: %s in %s, %s in %s", path, short(has), one, short(otherHas), other))
		}
	}
	return found
}

// collect takes down every value that is none of several.
func collect(leaves map[string]string, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		leaves[path] = "something" // so that an empty one is not the same as none
		for key, nested := range value {
			collect(leaves, strings.TrimPrefix(path+"."+key, "."), nested)
		}
	case []any:
		leaves[path] = "a list"
		for i, nested := range value {
			collect(leaves, fmt.Sprintf("%s[%d]", path, i), nested)
		}
	default:
		leaves[path] = fmt.Sprintf("%#v", value)
	}
}

// shown is what is there.
func shown(leaves map[string]string, path string) string {
	if value, there := leaves[path]; there {
		return value
	}
	return "nothing"
}

// short is a text of which the beginning will do.
func short(text string) string {
	const longest = 300
	if len(text) <= longest {
		return text
	}
	return text[:longest] + "..."
}

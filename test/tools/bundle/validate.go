package main

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	validator "github.com/operator-framework/api/pkg/validation/interfaces"
)

// validators are all that judge a bundle and need no registry. "operatorhub" is the older form, of which the three after it are the newer one.
var validators = []struct {
	name string
	validator.Validator
}{
	{"bundle", validation.BundleValidator},
	{"csv", validation.ClusterServiceVersionValidator},
	{"operatorhub", validation.OperatorHubValidator}, //nolint:staticcheck // deprecated, and still run by others
	{"operatorhub/v2", validation.OperatorHubV2Validator},
	{"standardcapabilities", validation.StandardCapabilitiesValidator},
	{"standardcategories", validation.StandardCategoriesValidator},
	{"object", validation.ObjectValidator},
	{"community", validation.CommunityOperatorValidator},
	{"good-practices", validation.GoodPracticesValidator},
	{"alpha-deprecated-apis", validation.AlphaDeprecatedAPIsValidator},
}

// known are remarks that are none of the bundle's, in full; bundle/README.md explains them.
var known = []*regexp.Regexp{
	regexp.MustCompile(`^The "operatorhub" validator is deprecated; for equivalent validation use .*$`),
	regexp.MustCompile(`^this bundle is using APIs which were deprecated and removed in v1\.25\. .* Migrate the API\(s\) for ` +
		`((endpointslices|events): \(\["ClusterServiceVersion\.Spec\.InstallStrategy\.StrategySpec\.Permissions\[0\]\.Rules\[\d\]"\]\),){2}$`),
}

// validate returns every error and every warning but the known ones.
func validate(directory string) ([]string, error) {
	bundle, err := manifests.GetBundleFromDir(directory)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", directory, err)
	}
	judged := []any{bundle, bundle.CSV}
	for _, object := range bundle.Objects {
		judged = append(judged, object)
	}
	var problems []string
	for _, each := range validators {
		for _, result := range each.Validate(judged...) {
			for _, problem := range append(result.Errors, result.Warnings...) {
				if !isKnown(problem.Detail) {
					problems = append(problems, fmt.Sprintf("%s: %s: %s", directory, each.name, problem.Error()))
				}
			}
		}
	}
	return problems, nil
}

func isKnown(detail string) bool {
	return slices.ContainsFunc(known, func(remark *regexp.Regexp) bool { return remark.MatchString(detail) })
}

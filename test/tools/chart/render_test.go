package chart

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const (
	root      = "../../.."
	directory = root + "/charts/zen-lead"
	namespace = "zen-lead-system"
)

// The APIs that bring optional kinds, as Helm knows them.
var (
	prometheusOperator = []string{"monitoring.coreos.com/v1", "monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule"}
	openShift          = []string{"console.openshift.io/v1"}
)

// valuesOf reads values as users write them.
func valuesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// render does what `helm template` does, for a cluster with these APIs besides the built-in ones. It returns the files that are made, by name.
func render(directory string, values map[string]any, apis ...string) (map[string]string, error) {
	loaded, err := loader.Load(directory)
	if err != nil {
		return nil, err
	}
	capabilities := common.DefaultCapabilities.Copy()
	capabilities.APIVersions = slices.Concat(capabilities.APIVersions, common.VersionSet(apis))
	release := common.ReleaseOptions{Name: "zen-lead", Namespace: namespace, Revision: 1, IsInstall: true}
	complete, err := util.ToRenderValues(loaded, values, release, capabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(loaded, complete)
}

// objects are what a chart makes of values, without what `helm test` makes.
func objects(t *testing.T, directory, values string, apis ...string) []unstructured.Unstructured {
	t.Helper()
	files, err := render(directory, valuesOf(t, values), apis...)
	if err != nil {
		t.Fatal(err)
	}
	var all []unstructured.Unstructured
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".yaml") && path.Base(path.Dir(name)) != "tests" {
			all = append(all, decode(t, []byte(files[name]))...)
		}
	}
	return all
}

func decode(t *testing.T, manifest []byte) (all []unstructured.Unstructured) {
	t.Helper()
	for decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096); ; {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if object.Object != nil {
			all = append(all, object)
		}
	}
}

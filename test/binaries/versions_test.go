package binaries

import "testing"

func TestModulesPinTheVersionsOfVersionsGo(t *testing.T) {
	etcd := Set{folder: ControlPlane.folder, module: "go.etcd.io/etcd/server/v3", version: EtcdVersion}
	opm := Set{folder: OLM.folder, module: opmModule, version: OPMVersion}
	sets := []Set{ControlPlane, Node, Containerd, CNI, CoreDNS, PrometheusOperator, Prometheus, OLM, etcd, opm}
	for _, version := range OlderKubernetesVersions {
		sets = append(sets, OlderControlPlane(version))
	}
	for _, set := range sets {
		found, err := output(t.Context(), set.directory(), "go", "list", "-m", "-f", "{{.Version}}", set.module)
		if err != nil {
			t.Fatal(err)
		}
		if found != set.version {
			t.Errorf("%s/go.mod has %s %s, versions.go %s", set.folder, set.module, found, set.version)
		}
	}
}

func TestGinkgoIsOfOneVersionAsLibraryAndAsCommand(t *testing.T) {
	const module = "github.com/onsi/ginkgo/v2"
	var found [2]string
	for i, directory := range []string{"../..", "../tools/ginkgo"} {
		var err error
		if found[i], err = output(t.Context(), directory, "go", "list", "-m", "-f", "{{.Version}}", module); err != nil {
			t.Fatal(err)
		}
	}
	if found[0] != found[1] {
		t.Errorf("go.mod has %s %s, test/tools/ginkgo/go.mod %s", module, found[0], found[1])
	}
}
